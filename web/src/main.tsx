import './nonce';
import './workers';
import '@graphiql/react/font/fira-code.css';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './graphiql.css';
import { createRoot } from 'react-dom/client';
import { takeTokenFromAddress } from './headers';
import { correctMarkup } from './markup';

// Before GraphiQL starts, because it reads the schema at once.
takeTokenFromAddress();

const { App } = await import('./App');
const page = document.getElementById('page')!;
correctMarkup(page);
createRoot(page).render(<App />);

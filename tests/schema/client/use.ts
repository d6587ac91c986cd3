// A typed client's code against the generated types: it has to compile, and where it must not, to fail.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { useFragment } from './generated';
import {
  EventRowFragmentDoc,
  EventsDocument,
  PageFragmentDoc,
  StreamDocument,
  ThingDocument,
  type EventFilter,
} from './generated/graphql';

declare function run<Result, Variables>(document: TypedDocumentNode<Result, Variables>, variables: Variables): Result;

const filter: EventFilter = { time: { preset: 'LAST_30_DAYS' }, not: { products: ['JIRA'] } };
const { events } = run(EventsDocument, { filter, first: 20 });
const texts: string[] = events.edges.map(({ cursor, node }) => cursor + useFragment(EventRowFragmentDoc, node).time);
const next: string | null | undefined = useFragment(PageFragmentDoc, events.pageInfo).endCursor;

const { node } = run(ThingDocument, { id: 'id' });
if (node?.__typename === 'Source') texts.push(node.sourceName, node.status);

const cursor: string = run(StreamDocument, { after: next }).events.cursor;
texts.push(cursor);

// @ts-expect-error A range is given in exactly one of three ways.
const twoRanges: EventFilter = { time: { preset: 'TODAY', last: { days: 7 } } };
// @ts-expect-error There is no such product.
const wrongProduct: EventFilter = { products: ['TRELLO'] };
// @ts-expect-error The id is missing.
run(ThingDocument, {});

export { texts, twoRanges, wrongProduct };

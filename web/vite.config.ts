import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

export default defineConfig({
  // The server answers on /graphql and serves the rest below it.
  base: '/graphql/',
  build: {
    // Everything is a file of its own: the page's content security policy allows no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The editor alone is beyond the usual limit, and it loads after the page has shown itself.
    chunkSizeWarningLimit: 4000,
    license: { fileName: 'assets/licenses.md' },
    reportCompressedSize: false,
    rolldownOptions: {
      // "use client" at the top of React packages means nothing here.
      onwarn: (warning, report) => {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') report(warning);
      },
    },
  },
  plugins: [precompress()],
});

/**
 * Puts a `.gz` beside every file worth it, so that the server never compresses and the binary stays small. The page
 * comes last: `dist/index.html.gz` is there only when the build is complete, and build.rs relies on that.
 */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle({ dir = 'dist' }) {
      const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /\.(css|html|js|md|svg|ttf)$/.test(name),
      );
      for (const name of files.sort((a, b) => Number(a === 'index.html') - Number(b === 'index.html'))) {
        const path = join(dir, name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

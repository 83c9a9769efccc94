// After `vite build`: refuses a build whose first page needs too much JavaScript, and compresses the rest.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { join } from 'node:path';

const MOST = 150_000; // bytes, compressed by gzip
const BUILD = 'build';

measure();
compress();

/** The JavaScript that each first page needs: what the page and its layouts import, and what that imports. */
function measure() {
  const manifest = JSON.parse(readFileSync('.svelte-kit/output/client/.vite/manifest.json', 'utf8'));
  const entries = Object.keys(manifest).filter((key) => manifest[key].isEntry);
  const shell = entries.filter((key) => /entry\/|client-entry|runtime\/client/.test(key));
  const nodes = entries.filter((key) => key.includes('/nodes/'));
  const sourceOf = (key) => readFileSync(key, 'utf8');
  const wanted = { 'sign-in': '(open)/sign-in/+page', setup: '(open)/setup/+page', overview: '(app)/+page.svelte' };
  const layouts = ['routes/+layout', 'routes/(app)/+layout', 'routes/(open)/+layout'];
  for (const [name, route] of Object.entries(wanted)) {
    const group = route.slice(0, route.indexOf(')') + 1);
    const needed = nodes.filter((key) => {
      const source = sourceOf(key);
      return (
        source.includes(route) ||
        layouts.some((each) => source.includes(each) && (each === layouts[0] || each.includes(group)))
      );
    });
    if (needed.length < 3) throw new Error(`The page ${name} was not found in the build.`);
    const size = sizeOf(manifest, [...shell, ...needed]);
    console.log(`${name}: ${(size / 1_000).toFixed(1)} kB of JavaScript, compressed`);
    if (size > MOST)
      throw new Error(`${name} needs more than ${MOST / 1_000} kB of JavaScript before it can be used.`);
  }
}

function sizeOf(manifest, keys) {
  const files = new Set();
  const add = (key) => {
    const { file, imports = [] } = manifest[key];
    if (files.has(file)) return;
    files.add(file);
    imports.forEach(add);
  };
  keys.forEach(add);
  const paths = [...files].filter((file) => file.endsWith('.js')).map((file) => join(BUILD, file));
  return paths.filter((path) => statSync(path)).reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
}

/** Beside each file, the same compressed; the editor of GraphiQL is too large to be compressed with all care. */
function compress() {
  for (const path of readdirSync(BUILD, { recursive: true }).map((name) => join(BUILD, name))) {
    if (!/\.(js|css|html|json|svg)$/.test(path)) continue;
    const content = readFileSync(path);
    if (content.length < 1_000) continue;
    const quality = content.length > 300_000 ? 5 : constants.BROTLI_MAX_QUALITY;
    writeFileSync(
      `${path}.br`,
      brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
    );
    writeFileSync(`${path}.gz`, gzipSync(content));
  }
}

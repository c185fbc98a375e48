// Builds the page into ../static (or the folder named as argument): two scripts, a style sheet, the page, an
// icon, and the licences of what is inside the scripts.
import { build } from 'esbuild';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, '..', 'static');

await mkdir(out, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ['src/page.ts', 'src/theme.ts', 'src/page.css'],
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  metafile: true,
});
for (const name of ['index.html', 'icon.svg']) await cp(join(here, 'src', name), join(out, name));
await writeFile(join(out, 'licenses.txt'), await licences(Object.keys(metafile.inputs)));

/** One text for all packages that share it. */
async function licences(inputs) {
  const packages = new Set(inputs.flatMap((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
  const texts = new Map();
  for (const name of [...packages].sort()) {
    const text = (await readFile(join(here, 'node_modules', name, 'LICENSE'), 'utf8')).trim();
    texts.set(text, [...(texts.get(text) ?? []), name]);
  }
  return [...texts].map(([text, names]) => `${names.join(', ')}\n\n${text}\n`).join('\n----\n\n');
}

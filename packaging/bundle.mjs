// Writes the program and the packages that it needs into build/bundle: a few files in one folder, which start faster than
// hundreds. Native modules (cap) stay outside. LICENSES there holds the licences of what is bundled, and build/bundled.json
// names the folders of node_modules that it came from.
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { licenseOf } = createRequire(import.meta.url)('./modules.cjs');

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const BUNDLE = join(ROOT, 'build/bundle');

/**
 * Files that hold all modules that they import, so that they load no other: what is in several of them is there several
 * times. Each further file costs the start of a short command half a millisecond (bench/replay). The first is what the user
 * starts.
 */
const WHOLE = ['src/main.ts', 'src/cli/replay-start.ts', 'src/share/redis/redis-worker.ts'];

/** The programs that it starts itself (src/files/program.ts). */
const PROGRAMS = ['src/sensor/child.ts', 'src/cli/doctor/prober.ts'];

/** What the packages of the time before ES modules call to load a module of Node. */
const REQUIRE = 'const require = process.getBuiltinModule;';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const OPTIONS = {
  absWorkingDir: ROOT,
  outdir: BUNDLE,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['cap'],
  alias: { 'string-width': './packaging/bundled/string-width.mjs', y18n: './packaging/bundled/y18n.mjs' },
  define: { BUNDLED_VERSION: JSON.stringify(version) },
  banner: { js: REQUIRE },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};
rmSync(BUNDLE, { recursive: true, force: true });
/** The modules by the names of their files. */
const names = new Map();
/** The modules that a whole file imports only when it needs them. */
const imported = new Set();
const whole = await build({
  ...OPTIONS,
  entryPoints: WHOLE.map(entry),
  plugins: [
    {
      name: 'imported when needed',
      setup: (builder) => {
        builder.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
          if (kind !== 'dynamic-import') return undefined;
          const file = relative(ROOT, join(resolveDir, path));
          if (!WHOLE.includes(file)) imported.add(file);
          return { path: `./${entry(file).out}.js`, external: true };
        });
      },
    },
  ],
});
const rest = await build({ ...OPTIONS, entryPoints: [...PROGRAMS, ...imported].map(entry), splitting: true });
chmodSync(join(BUNDLE, 'main.js'), 0o755);

const outputs = [whole, rest].flatMap(({ metafile }) => Object.values(metafile.outputs));
const inputs = outputs.flatMap(({ inputs }) => Object.keys(inputs));
const folders = [
  ...new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])),
].sort();
writeFileSync(join(ROOT, 'build/bundled.json'), `${JSON.stringify(folders, null, 2)}\n`);
writeFileSync(join(BUNDLE, 'LICENSES'), folders.map(license).join('\n'));

/** A file of its own for a module, all in one folder. Two modules of one name would replace each other. */
function entry(file) {
  const out = basename(file, '.ts');
  const others = names.get(out) ?? file;
  if (others !== file) throw new Error(`${file} and ${others} would both become ${out}.js`);
  names.set(out, file);
  return { in: file, out };
}

/** The licence of one bundled package, below its name. */
function license(folder) {
  const { name, version, text } = licenseOf(folder);
  return `${name} ${version}\n\n${text.trim()}\n`;
}

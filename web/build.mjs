// Bundles the page's script and style, and writes them as one C++ source: node build.mjs OUT_FOLDER
import {build} from 'esbuild';
import {mkdir, readFile, rename, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, 'dist');
await mkdir(out, {recursive: true});

await build({
  entryPoints: {report: join(here, 'source/main.ts')},
  outdir: out,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'ascii',
  legalComments: 'none',
  define: {'process.env.NODE_ENV': '"production"'},
  logLevel: 'warning',
});

// Apache ECharts and zrender (BSD) ask for their notices; the minifier drops comments, so they are put back in front.
const licence = '/*! Contains Apache ECharts (Apache-2.0, The Apache Software Foundation) and zrender (BSD-3-Clause, Baidu Inc.) */\n';
const script = licence + (await readFile(join(out, 'report.js'), 'utf8'));
const style = await readFile(join(out, 'report.css'), 'utf8');
await writeFile(join(out, 'report.js'), script);

// Both stand inside HTML elements: what would end or change those elements must not occur.
for (const bad of ['</script', '<script', '<!--']) {
  if (script.toLowerCase().includes(bad)) throw new Error(`report.js contains "${bad}", which cannot stand inside a page`);
}
if (style.toLowerCase().includes('</style')) throw new Error('report.css contains "</style"');

// Pieces of raw string literals: compilers bound the length of one literal, not of their concatenation.
function literal(text) {
  const pieces = [];
  for (let at = 0; at < text.length; at += 12000) pieces.push(`R"EDGEWISE(${text.slice(at, at + 12000)})EDGEWISE"`);
  return pieces.length > 0 ? pieces.join('\n') : '""';
}
const source = `// Written by web/build.mjs from web/source; do not edit.
#include "report/bundle_internal.hpp"

namespace edgewise::report {
namespace {
constexpr char script[] =
${literal(script)};
constexpr char style[] =
${literal(style)};
}  // namespace

std::string_view page_script() { return {script, sizeof script - 1}; }
std::string_view page_style() { return {style, sizeof style - 1}; }

}  // namespace edgewise::report
`;
const target = join(out, 'page_bundle.cpp');
await writeFile(`${target}.part`, source);
await rename(`${target}.part`, target);
console.log(`report.js ${Math.round(script.length / 1024)} kB, report.css ${Math.round(style.length / 1024)} kB`);

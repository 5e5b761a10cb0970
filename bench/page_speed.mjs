// How soon a report stands in headless Chromium: node page_speed.mjs PAGE.html ROUNDS
// Prints JSON: milliseconds from the start of the navigation until the first chart was painted, and until all else was made.
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const {chromium} = createRequire(join(here, '../web/package.json'))('playwright-core');
const program = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(program)) throw new Error(`Chromium is not at ${program}`);
const [file, rounds] = [resolve(process.argv[2]), Number(process.argv[3] ?? 3)];

const profile = mkdtempSync(join(tmpdir(), 'edgewise-speed-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: program,
  headless: true,
  viewport: {width: 1440, height: 900},
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
const runs = [];
for (let round = 0; round < rounds; round++) {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(file).href, {waitUntil: 'commit'});
  await page.waitForSelector('html[data-complete=yes]', {timeout: 120000});
  runs.push(await page.evaluate(() => Object.fromEntries(performance.getEntriesByType('mark').map((mark) => [`${mark.name}_ms`, Math.round(mark.startTime)]))));
  if (round === 0) await page.screenshot({path: `${file}.png`});
  await page.close();
}
await browser.close();
rmSync(profile, {recursive: true, force: true});
console.log(JSON.stringify(runs));

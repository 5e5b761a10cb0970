// Opens the sample pages in headless Chromium and uses them as a person would: node report_test.mjs FOLDER_OF_PAGES [PART_OF_A_NAME]
// Exits with 77 (skipped) where Chromium is missing. Screenshots are left beside the pages.
import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const {chromium} = createRequire(join(here, '../../web/package.json'))('playwright-core');
const folder = resolve(process.argv[2] ?? '.');
const program = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(program)) {
  console.log(`skipped: Chromium is not at ${program}`);
  process.exit(77);
}

const profile = mkdtempSync(join(tmpdir(), 'edgewise-report-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: program,
  headless: true,
  viewport: {width: 1440, height: 900},
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});

let failed = 0;
async function test(name, run) {
  if (!name.includes(process.argv[3] ?? '')) return;
  try {
    await run();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack}`);
  }
}

/** Opens a page, hands it to `run`, and afterwards asserts that nothing complained and nothing was asked of the network. */
async function onPage(file, run, options = {}) {
  const page = await browser.newPage();
  page.setDefaultTimeout(150000);  // other work on this machine is no fault of the page
  const complaints = [];
  const requests = [];
  // Reading pixels back is what this test does itself, in drawnShare.
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && !message.text().includes('willReadFrequently') && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => request.url().startsWith('data:') || requests.push(request.url()));
  if (options.size) await page.setViewportSize(options.size);
  await page.emulateMedia({colorScheme: options.dark ? 'dark' : 'light', reducedMotion: 'reduce'});
  await page.goto(pathToFileURL(join(folder, file)).href);
  await page.waitForSelector(`html[data-${options.until ?? 'complete'}=yes]`);
  if (!options.until) assert.ok(await page.evaluate(() => [...document.querySelectorAll('.chart')].every((chart) => chart.querySelector('canvas'))), 'a chart is missing');
  await run(page);
  assert.deepEqual(complaints, [], 'console');
  assert.deepEqual(requests.map((url) => url.split('/').at(-1)), [file], 'requests');
  await page.close();
}

/** Share of a chart's pixels that something was drawn on. */
const drawnShare = (chart) => chart.evaluate((element) => {
  const canvas = element.querySelector('canvas');
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let drawn = 0;
  for (let i = 3; i < data.length; i += 4) drawn += data[i] > 0 ? 1 : 0;
  return drawn / (data.length / 4);
});

/** Moves over a chart row by row until its tooltip names a trial; gives that text and the place. */
async function findTrial(page, chart, step = 9) {
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  for (let y = box.y + 60; y < box.y + box.height - 60; y += step)
    for (let x = box.x + 80; x < box.x + box.width - 40; x += step) {
      await page.mouse.move(x, y);
      const text = await chart.evaluate((element) => [...element.querySelectorAll('.tip')].filter((tip) => tip.checkVisibility({visibilityProperty: true, opacityProperty: true})).map((tip) => tip.textContent).join(''));
      const found = /Trial #(\d+)/.exec(text);
      if (found) return {text, id: found[1], x, y};
    }
  return null;
}

const chartNamed = (page, name) => page.locator(`.chart[aria-label="${name}"]`);
const shot = (page, name) => page.screenshot({path: join(folder, `${name}.png`), fullPage: true});
const noOverflow = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'the page scrolls sideways');

await test('AllChartsOfAStagedStudyAreDrawn', () => onPage('staged.html', async (page) => {
  const names = ['Pareto front', 'Loss over epochs', 'Metric over epochs', 'Latency per candidate', 'Parallel coordinates'];
  for (const name of names) assert.ok((await drawnShare(chartNamed(page, name))) > 0.01, `${name} is empty`);
  await page.waitForFunction(() => document.querySelector('.drawing img').naturalHeight > 300);
  const summary = await page.locator('.summary').textContent();
  assert.match(summary, /^84 trials, 3 stages; \d+ networks on the Pareto front; best iou 0\.\d+ at [\d.]+ ms \(#\d+\)\./);
  assert.match(await page.locator('#job pre').textContent(), /strategy: staged/);
  assert.match(await page.locator('#failures').textContent(), /became NaN/);
  await noOverflow(page);
  await shot(page, 'staged_1440');
}));

await test('PointingAtADotNamesItsTrialAndAClickOpensIt', () => onPage('staged.html', async (page) => {
  const found = await findTrial(page, chartNamed(page, 'Pareto front'));
  assert.ok(found, 'no tooltip anywhere on the front');
  assert.match(found.text, /latency \(ms\)/);
  assert.match(found.text, /spread/);
  assert.ok(await page.locator('.detail').isHidden());
  await page.screenshot({path: join(folder, 'hover.png')});
  await page.mouse.click(found.x, found.y);
  const panel = page.locator('.detail');
  assert.ok(await panel.isVisible());
  assert.equal(await panel.locator('h2').textContent(), `Trial #${found.id}`);
  const text = await panel.textContent();
  for (const word of ['backbone', 'learning rate', 'median', 'p90', 'p99', 'provider', 'threads', 'runs', 'disturbed', '.onnx']) assert.ok(text.includes(word), `the panel lacks "${word}"`);
  assert.ok((await drawnShare(panel.locator('.chart'))) > 0.005);
  await page.screenshot({path: join(folder, 'detail.png')});
  await page.keyboard.press('Escape');
  assert.ok(await panel.isHidden());
}));

await test('PointingAtACurveNamesItsTrialAndAClickOpensIt', () => onPage('staged.html', async (page) => {
  for (const name of ['Loss over epochs', 'Metric over epochs', 'Latency per candidate', 'Parallel coordinates']) {
    const found = await findTrial(page, chartNamed(page, name), name === 'Parallel coordinates' ? 7 : 14);
    assert.ok(found, `no tooltip anywhere on "${name}"`);
    if (name === 'Loss over epochs') await page.screenshot({path: join(folder, 'hover_curve.png')});
    await page.mouse.click(found.x, found.y);
    assert.equal(await page.locator('.detail h2').textContent(), `Trial #${found.id}`, name);
    await page.keyboard.press('Escape');
  }
}));

await test('AFailedTrialTellsItsReason', () => onPage('staged.html', async (page) => {
  await page.locator('#trials tr[data-trial="1"]').click();
  assert.match(await page.locator('.detail .reason-box').textContent(), /killed by signal 9/);
}));

await test('TheTableSortsAndFilters', () => onPage('staged.html', async (page) => {
  const table = page.locator('#trials');
  const column = async (title) => {
    const index = await table.locator('thead th').evaluateAll((heads, wanted) => heads.findIndex((head) => head.textContent.startsWith(wanted)), title);
    return table.locator('tbody tr').evaluateAll((rows, at) => rows.map((row) => row.cells[at].textContent), index);
  };
  assert.equal((await column('rank'))[0], '1');
  const press = (title) => table.locator('thead button', {hasText: title}).first().click();
  await press('latency');
  const numbers = (await column('latency')).map(Number).filter((value) => !Number.isNaN(value));
  assert.equal(numbers.length, 72);
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  await press('latency');
  assert.deepEqual((await column('latency')).slice(0, 72).map(Number), numbers.toReversed());
  assert.equal((await column('latency')).at(-1), '–', 'what has no value stays last');
  await page.getByLabel('Filter trials').fill('resnet18');
  assert.equal(await table.locator('tbody tr').count(), 4);
  await page.getByLabel('Filter trials').fill('rejected');
  assert.equal(await table.locator('tbody tr').count(), 8);
  assert.match((await column('reason'))[0], /parameters < 1e8/);
  await page.getByLabel('Filter trials').fill('');
  assert.equal(await table.locator('tbody tr').count(), 84);
}));

await test('AxesAndScalesCanBeChanged', () => onPage('staged.html', async (page) => {
  const chart = chartNamed(page, 'Pareto front');
  for (const name of ['parameters', 'macs']) {
    await page.locator('#front select').first().selectOption(name);
    assert.ok((await drawnShare(chart)) > 0.01);
  }
  await page.locator('#front input[type=checkbox]').click();
  await page.locator('#curves button', {hasText: 'promoted'}).click();
  await page.locator('#curves input[type=checkbox]').click();
  await page.locator('#latency button', {hasText: 'by latency'}).click();
  await page.getByLabel('all values').check();
  assert.ok((await drawnShare(chart)) > 0.01);
}));

await test('DarkAndNarrowScreensFit', async () => {
  await onPage('staged.html', async (page) => {
    await noOverflow(page);
    await shot(page, 'staged_1280_dark');
  }, {dark: true, size: {width: 1280, height: 800}});
  await onPage('three_objectives.html', async (page) => {
    await noOverflow(page);
    await shot(page, 'three_objectives');
  });
});

await test('FiveHundredTrialsAreShown', () => onPage('many.html', async (page) => {
  assert.equal(await page.locator('#trials tbody tr').count(), 500);
  assert.ok((await drawnShare(chartNamed(page, 'Loss over epochs'))) > 0.01);
  await page.locator('#trials tbody tr').nth(3).click();
  assert.match(await page.locator('.detail .confusion').textContent(), /no crossing/);
  await page.keyboard.press('Escape');
  await shot(page, 'many');
}));

await test('WhatIsSeenFirstIsDrawnFirst', () => onPage('many.html', async (page) => {
  assert.ok((await drawnShare(chartNamed(page, 'Pareto front'))) > 0.01);
  await page.waitForSelector('html[data-complete=yes]');
}, {until: 'ready'}));

const rowsOf = (page, id) => page.locator(`#${id} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
const partsOf = (page) => page.locator('main section').evaluateAll((sections) => sections.map((section) => section.id));

await test('WhatASearchOfBoxesMadeIsShown', () => onPage('boxes.html', async (page) => {
  assert.deepEqual(await partsOf(page), ['front', 'picks', 'curves', 'latency', 'trials', 'choices', 'architecture', 'spent', 'measuring', 'job', 'environment']);
  for (const name of ['Pareto front', 'Loss over epochs', 'Metric over epochs', 'Latency per candidate', 'Parallel coordinates']) assert.ok((await drawnShare(chartNamed(page, name))) > 0.005, `${name} is empty`);
  const picks = await rowsOf(page, 'picks');
  assert.deepEqual(picks.slice(0, 3).map((row) => row[0]), ['best iou', 'best latency_ms', 'knee']);
  for (const row of picks) assert.match(row.join('|'), /^[a-z_ ]+\|#\d\|[a-z]+net[_\w]*\|0\.\d+\|[\d.]+\|[\d.]+ %\|\w.*/, 'pick, trial, choice, iou, latency, share, why');
  const shares = (await rowsOf(page, 'spent')).map((row) => Number.parseFloat(row[2]));
  assert.equal(shares.length, 4);
  assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 100) < 2, `shares of the time: ${shares}`);
  await page.locator('#picks button.link').first().click();
  const panel = await page.locator('.detail').textContent();
  for (const word of ['of the front', ' of 2', 'p99', 'onnx: trials/', 'sha256']) assert.ok(panel.includes(word), `the panel lacks "${word}"`);
  await page.keyboard.press('Escape');
  await noOverflow(page);
  await shot(page, 'boxes');
}));

await test('WhatASearchOfClassesMadeIsShown', () => onPage('classes.html', async (page) => {
  const parts = await partsOf(page);
  for (const part of ['picks', 'test', 'failures', 'data', 'spent']) assert.ok(parts.includes(part), `no part "${part}"`);
  assert.match((await rowsOf(page, 'failures')).join(), /rejected.*parameters < 1e6/);
  assert.match((await rowsOf(page, 'data')).join(';'), /pictures found,49,;used,48,;left out: [^;]*,1,dark\/broken\.png/);
  const judged = await rowsOf(page, 'test');
  const front = await page.evaluate(() => JSON.parse(document.getElementById('report-data').textContent));
  assert.deepEqual(judged.map((row) => row[0]).sort(), Object.keys(front.test).map((id) => `#${id}`).sort());
  for (const row of judged) assert.match(row.slice(2).join('|'), /^(0\.\d+\|?|0\|?|1\|?)+$/, 'on the test split and on validation');
  await page.locator('#picks button.link').first().click();
  assert.match(await page.locator('.detail').textContent(), /Test split.*accuracy.*\(validation [01]/);
  const matrix = await page.locator('.detail .confusion').evaluate((table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.deepEqual([matrix[0].slice(1), matrix.slice(1).map((row) => row[0])], [['bright', 'dark'], ['bright', 'dark']]);
  assert.equal(matrix.slice(1).flatMap((row) => row.slice(1)).reduce((sum, cell) => sum + Number(cell), 0), 12, 'every picture of the validation split once');
  await shot(page, 'classes');
}));

if (existsSync(join(folder, 'started.html')))
  await test('WhatNetworksStartedFromIsShown', () => onPage('started.html', async (page) => {
    const words = /50 of 52 tensors, [\d.]+ M of [\d.]+ M parameters \(\d+ %\), from .*squeezenet\.pth/;
    assert.match((await rowsOf(page, 'weights'))[0].join(), words);
    await page.locator('#weights button.link').first().click();
    assert.match(await page.locator('.detail').textContent(), words);
  }));

for (const [file, words] of [['empty.html', /No trials yet/], ['failed.html', /all of them failed/], ['one.html', /^1 trial; 1 network on the Pareto front/]])
  await test(`APageStandsFor_${file}`, () => onPage(file, async (page) => {
    assert.match(await page.locator('.summary').textContent(), words);
    await noOverflow(page);
    await shot(page, file.replace('.html', ''));
  }));

await test('HostileTextsStayTexts', () => onPage('hostile.html', async (page) => {
  await page.locator('#trials tbody tr').first().click();
  await findTrial(page, chartNamed(page, 'Pareto front'));
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img:not(.drawing img)').count(), 0);
  assert.ok((await page.locator('h1').textContent()).includes('</script><img'));
  await noOverflow(page);
  await shot(page, 'hostile');
}));

await browser.close();
rmSync(profile, {recursive: true, force: true});
process.exit(failed > 0 ? 1 : 0);

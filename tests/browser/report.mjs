// Opens reports in Chromium as a committee member would and checks what no
// unit test can see: that they are whole, accessible, quiet and fit for print.
//
// node report.mjs REPORT.html ...   (needs chromium, pdfinfo and pdftotext)

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
const WIDTHS = [1280, 390];
const PATIENCE = 120_000;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

// What is wrong with the charts of a page; runs in the page.
function faultsOfCharts() {
  const faults = [];
  const text = (id) => document.getElementById(id)?.textContent.trim() ?? "";
  const figures = [...document.querySelectorAll("figure")];
  if (figures.length === 0) faults.push("there is no chart");
  for (const figure of figures) {
    const name = figure.id;
    const charts = [...figure.querySelectorAll("svg")];
    const shown = charts.filter((chart) => getComputedStyle(chart).display !== "none");
    if (shown.length !== 1) faults.push(`${name}: ${shown.length} drawings are shown`);
    for (const chart of shown) {
      const box = chart.getBoundingClientRect();
      if (!(box.width > 100 && box.height > 40)) faults.push(`${name}: is too small`);
    }
    for (const chart of charts) {
      const words = (chart.getAttribute("aria-labelledby") ?? "").split(" ").map(text);
      const isTold = chart.getAttribute("role") === "img" && words.length === 2 && words.every(Boolean);
      if (!isTold) faults.push(`${name}: has no text alternative`);
    }
    if (!figure.querySelector("h3")?.textContent.trim()) faults.push(`${name}: has no message`);
    const link = figure.querySelector("figcaption a[href^='#']")?.getAttribute("href");
    const table = link && document.querySelector(link);
    if (!table?.querySelector("tbody tr")) faults.push(`${name}: its numbers are in no table`);
  }
  return faults;
}

// Texts of one drawing that lie upon each other, or outside the drawing.
function faultsOfLabels() {
  const faults = [];
  for (const chart of document.querySelectorAll("svg.chart")) {
    if (getComputedStyle(chart).display === "none") continue;
    const edge = chart.getBoundingClientRect();
    const labels = [...chart.querySelectorAll("text")].map((node) => ({
      words: node.textContent, box: node.getBoundingClientRect(),
    }));
    const name = chart.closest("figure").id;
    labels.forEach(({ words, box }, index) => {
      if (box.left < edge.left - 2 || box.right > edge.right + 2) {
        faults.push(`${name}: "${words}" runs out of the drawing`);
      }
      for (const other of labels.slice(index + 1)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 1 && down > 0.35 * Math.min(box.height, other.box.height)) {
          faults.push(`${name}: "${words}" lies upon "${other.words}"`);
        }
      }
    });
  }
  return faults;
}

async function faultsOf(browser, file) {
  const faults = [];
  const url = pathToFileURL(resolve(file)).href;
  for (const width of WIDTHS) {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => faults.push(`script: ${error}`));
    page.on("request", (request) => {
      if (request.url() !== url) faults.push(`asks for ${request.url()}`);
    });
    await page.goto(url);
    const add = (found) => faults.push(...found.map((fault) => `at ${width}: ${fault}`));
    add(await page.evaluate(faultsOfCharts));
    add(await page.evaluate(faultsOfLabels));
    const overflow = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    if (overflow > 0) add([`the page is ${overflow} pixels too wide`]);
    if ((await page.locator("script").count()) > 0) add(["there is a script"]);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(
      (tags) => globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } }), WCAG);
    add(violations.map(({ id, nodes }) => `axe ${id}: ${nodes[0].html.slice(0, 200)}`));
    if (width === WIDTHS[0]) faults.push(...(await faultsOfPrint(page)));
    await page.close();
  }
  return faults;
}

// A4, and the answer with the whole fan on page one.
async function faultsOfPrint(page) {
  const folder = mkdtempSync(join(tmpdir(), "lacsim-print-"));
  try {
    const pdf = join(folder, "report.pdf");
    await page.pdf({ path: pdf, preferCSSPageSize: true, printBackground: true });
    const tool = (name, ...args) => execFileSync(name, args, { encoding: "utf8" });
    const plain = (text) => text.replace(/\s+/g, " ").trim();
    const faults = [];
    const size = tool("pdfinfo", pdf).match(/Page size:\s+([\d.]+) x ([\d.]+)/);
    const isA4 = size && Math.abs(size[1] - 595.3) < 2 && Math.abs(size[2] - 841.9) < 2;
    if (!isA4) faults.push(`print: not A4 but ${size?.[0]}`);
    // Without its spaces: a line may break anywhere.
    const tight = (text) => plain(text).replaceAll(" ", "");
    const first = tight(tool("pdftotext", "-f", "1", "-l", "1", "-raw", pdf, "-"));
    for (const place of [".answer", "#fan h3", "#fan figcaption"]) {
      const words = tight(await page.locator(place).first().textContent());
      if (!first.includes(words)) faults.push(`print: page one lacks ${place}`);
    }
    const third = tool("pdftotext", "-f", "3", "-l", "3", pdf, "-");
    const heads = ["What lies behind the answer"];
    if (!heads.some((head) => plain(third).includes(head))) {
      faults.push("print: the appendices do not begin on page three");
    }
    return faults;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const files = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: CHROMIUM, args: FLAGS, timeout: PATIENCE,
});
let passed = 0;
try {
  for (const file of files) {
    const faults = await faultsOf(browser, file);
    for (const fault of faults) console.error(`${file}: ${fault}`);
    if (faults.length === 0) passed += 1;
  }
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${files.length - passed} failed`);
process.exit(files.length > 0 && passed === files.length ? 0 : 1);

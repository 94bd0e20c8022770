// Records where bpmn-js draws everything, as numbers: node record.mjs OUT.json FILE.bpmn...
// Needs bpmn-js and puppeteer-core beside it and a Chromium (its path in CHROMIUM). Never run by the product or its tests.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

const [out, ...files] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
await page.setContent('<body style="margin:0"><div id="canvas" style="width:1600px;height:1000px"></div></body>');
await page.addScriptTag({ path: 'node_modules/bpmn-js/dist/bpmn-viewer.development.js' });

const drawn = async (xml) => {
  const canvas = document.getElementById('canvas');
  canvas.innerHTML = '';
  const viewer = new window.BpmnJS({ container: canvas });
  await viewer.importXML(xml);
  const found = { shapes: {}, labels: {}, edges: {}, signs: {} };
  const tenth = (number) => Math.round(number * 10) / 10;
  const roots = viewer.get('canvas').getRootElements();
  for (const root of roots) {
    viewer.get('canvas').setRootElement(root);
    const zero = canvas.querySelector('.viewport').getScreenCTM().inverse();
    const place = (node) => {
      const box = node.getBBox();
      const to = zero.multiply(node.getScreenCTM());
      const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([a, b]) => [box.x + a * box.width, box.y + b * box.height]);
      const xs = corners.map(([x, y]) => to.a * x + to.c * y + to.e);
      const ys = corners.map(([x, y]) => to.b * x + to.d * y + to.f);
      const [left, top] = [Math.min(...xs), Math.min(...ys)];
      return [left, top, Math.max(...xs) - left, Math.max(...ys) - top].map(tenth);
    };
    viewer.get('elementRegistry').forEach((element, graphics) => {
      const visual = graphics.querySelector(':scope > .djs-visual');
      if (!visual || element === root || viewer.get('canvas').findRoot(element) !== root) return;
      const text = visual.querySelector('text');
      if (element.labelTarget) {
        if (text && text.getBBox().width) found.labels[element.labelTarget.id] = place(text);
      } else if (element.waypoints) {
        found.edges[element.id] = element.waypoints.map(({ x, y }) => [tenth(x), tenth(y)]);
      } else {
        const [outline, ...signs] = [...visual.children].filter((part) => part.tagName !== 'text');
        found.shapes[element.id] = place(outline);
        if (signs.length) found.signs[element.id] = signs.map(place);
      }
    });
  }
  return found;
};

const record = {};
for (const file of files) {
  const xml = fs.readFileSync(file);
  // what the file says about places: when that changes, the record is of another drawing
  const places = xml.toString().match(/(?:Bounds|waypoint)\s[^>]*>/g).join('\n');
  record[path.basename(file, '.bpmn')] = {
    places: createHash('sha256').update(places).digest('hex').slice(0, 16),
    ...(await page.evaluate(drawn, xml.toString())),
  };
}
const version = JSON.parse(fs.readFileSync('node_modules/bpmn-js/package.json')).version;
const lines = Object.entries(record).map(([name, found]) => `${JSON.stringify(name)}:${JSON.stringify(found)}`);
fs.writeFileSync(out, `{"bpmn-js":${JSON.stringify(version)},\n${lines.join(',\n')}}\n`);
await browser.close();

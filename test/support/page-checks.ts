/**
 * What axe and its kin look at, as one expression for a page: the rules that the page breaks, a line each. It looks at
 * headings, names of regions, tables and pictures, identifiers, the size of the page, and the contrast of each text
 * (WCAG 2.2: 4.5 to 1).
 */
export const PAGE_CHECKS = `(() => {
  const broken = [];
  const say = (rule, element) => broken.push(rule + ': ' + (element ? element.outerHTML.slice(0, 120) : ''));
  const all = (selector) => [...document.querySelectorAll(selector)];
  if (document.documentElement.lang === '') say('no language');
  if (document.title.trim() === '') say('no title');
  for (const name of ['h1', 'header', 'main', 'footer']) if (all(name).length !== 1) say('not one ' + name);
  let level = 0;
  for (const heading of all('h1,h2,h3,h4')) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) say('a level of headings is left out', heading);
    if (heading.textContent.trim() === '') say('empty heading', heading);
    level = next;
  }
  const ids = all('[id]').map((element) => element.id);
  if (new Set(ids).size !== ids.length) say('an id twice: ' + ids);
  const nameOf = (element) => element.getAttribute('aria-label') ??
    (element.getAttribute('aria-labelledby') ?? '').split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
  for (const element of all('section,[role=region],svg[role=img]'))
    if (nameOf(element).trim() === '') say('no name', element);
  for (const picture of all('svg[role=img]'))
    if (!picture.querySelector(':scope > title') || !picture.querySelector(':scope > desc')) say('no title or desc', picture);
  for (const picture of all('svg:not(svg svg)'))
    if (picture.getAttribute('role') !== 'img' && picture.getAttribute('aria-hidden') !== 'true') say('neither picture nor hidden', picture);
  for (const table of all('table')) {
    const columns = [...table.tHead.rows[0].cells];
    if (columns.some((cell) => cell.tagName !== 'TH' || cell.scope !== 'col')) say('a column without heading', table);
    for (const row of table.tBodies[0].rows) {
      const cells = [...row.cells];
      const width = cells.reduce((sum, cell) => sum + cell.colSpan, 0);
      if (width !== columns.length) say('a row of ' + width + ' in place of ' + columns.length + ' cells', row);
      if (cells.length > 1 && (cells[0].tagName !== 'TH' || cells[0].scope !== 'row')) say('a row without heading', row);
    }
  }
  for (const box of all('.scroll')) if (box.tabIndex !== 0) say('scrolls, and no key reaches it', box);
  for (const list of all('dl')) for (const item of list.querySelectorAll('dt'))
    if (item.nextElementSibling?.tagName !== 'DD') say('a term without a value', item);
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    say('wider than the window by ' + (document.documentElement.scrollWidth - document.documentElement.clientWidth));
  }
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.textContent.trim() === '' || element.closest('title,desc,.hidden')) continue;
    texts++;
    const style = getComputedStyle(element);
    const colour = parse(element.namespaceURI.endsWith('svg') ? style.fill : style.color);
    const [a, b] = [light(colour), light(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) say('contrast ' + contrast.toFixed(2), element);
  }
  if (texts < 20) say('hardly any text');
  return [...new Set(broken)];
})()`;

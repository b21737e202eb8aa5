import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { MAX_PROBES } from '../../src/replay/probe-buffer.ts';
import { ProbePages } from '../../src/replay/probe-pages.ts';

function probe(number: number): Probe {
  return Object.assign(new Probe(), {
    kind: Kind.syn,
    protocol: 6,
    destinationPort: number % 65_536,
    file: number % 7,
    frame: number,
  });
}

test.each([0, 1, MAX_PROBES, MAX_PROBES + 1, 2 * MAX_PROBES + 5])('%i probes come back in order', (count) => {
  const pages = ProbePages.open() as ProbePages;
  for (let number = 0; number < count; number++) pages.add(probe(number));
  expect(pages.seal()).toBe(true);
  const read = new Probe();
  let number = 0;
  let wrong = 0;
  for (const page of pages.pages()) {
    for (let index = 0; index < page.size; index++, number++) {
      page.read(index, read);
      const { destinationPort, file, frame } = read;
      if (frame !== number || file !== number % 7 || destinationPort !== number % 65_536) wrong++;
    }
  }
  expect([number, wrong]).toEqual([count, 0]);
  pages.close();
});

test('a full disk is said, and throws nothing', () => {
  const full = new ProbePages(openSync('/dev/full', 'r+'));
  for (let number = 0; number <= MAX_PROBES; number++) full.add(probe(number));
  expect(full.seal()).toBe(false);
  full.close();
});

test('a file that another program cut is an error', () => {
  const descriptor = openSync('/dev/null', 'r+');
  const pages = new ProbePages(descriptor);
  for (let number = 0; number <= MAX_PROBES; number++) pages.add(probe(number));
  expect(pages.seal()).toBe(true);
  expect(() => [...pages.pages()]).toThrow('was cut');
  closeSync(descriptor);
});

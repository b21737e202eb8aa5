import { expect, test } from 'vitest';
import { free } from '../../src/net/free-memory.ts';

test('memory that is freed is gone at once where Node can, and the other arrays stay', () => {
  const [used, unused] = [new Uint32Array(8).fill(7), new Uint8Array(16)];
  free(unused);
  expect(used.every((value) => value === 7)).toBe(true);
  const canTransfer = 'transfer' in ArrayBuffer.prototype;
  expect(unused.length).toBe(canTransfer ? 0 : 16);
});

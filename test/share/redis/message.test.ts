import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  blockMessage,
  decisionId,
  MAX_MESSAGE_LENGTH,
  messageIn,
  Signer,
  unblockMessage,
} from '../../../src/share/redis/message.ts';
import { reportOn } from '../crowdsec/given.ts';

const signer = new Signer('k'.repeat(32), 'portsentry');
const report = reportOn('192.0.2.1');

test('a message says what the report says', () => {
  const { text } = signer.sign(blockMessage(report, 'one'));
  const { target, since, until, evidence, ports } = report;
  expect(messageIn(text)).toEqual({ op: 'block', host: 'one', target, since, until, evidence, ports });
  expect(messageIn(signer.sign(unblockMessage(target, since, 'one')).text)).toEqual({
    op: 'unblock',
    host: 'one',
    target,
    at: since,
  });
});

test('what is signed is genuine for the same key and stream only', () => {
  const signed = signer.sign(blockMessage(report, 'one'));
  expect(signer.isGenuine(signed)).toBe(true);
  expect(new Signer('k'.repeat(33), 'portsentry').isGenuine(signed)).toBe(false);
  expect(new Signer('k'.repeat(32), 'other').isGenuine(signed)).toBe(false);
});

test('a change of any character makes it somebody else’s', () => {
  const { text, signature } = signer.sign(blockMessage(report, 'one'));
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
      fc.pre(text[at] !== character);
      const changed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
      return !signer.isGenuine({ text: changed, signature });
    }),
  );
});

test.each(['', 'x', 'x'.repeat(43), `${'x'.repeat(42)}é`, '='.repeat(43)])(
  '%j is no signature',
  (signature) => {
    expect(signer.isGenuine({ text: '{}', signature })).toBe(false);
  },
);

const BLOCK = {
  v: 1,
  op: 'block',
  host: 'a',
  target: '192.0.2.1',
  since: 1,
  until: 2,
  evidence: 'reacts',
  ports: 3,
};

test.each([
  ['no JSON', '{'],
  ['null', 'null'],
  ['an array', '[]'],
  ['no version', JSON.stringify({ ...BLOCK, v: undefined })],
  ['another operation', JSON.stringify({ ...BLOCK, op: 'list' })],
  ['no host', JSON.stringify({ ...BLOCK, host: '' })],
  ['a host with a blank', JSON.stringify({ ...BLOCK, host: 'a b' })],
  ['a long host', JSON.stringify({ ...BLOCK, host: 'a'.repeat(65) })],
  ['a target that is a name', JSON.stringify({ ...BLOCK, target: 'example' })],
  ['a target that is written otherwise', JSON.stringify({ ...BLOCK, target: '192.0.2.1/32' })],
  ['a time that is no number', JSON.stringify({ ...BLOCK, until: '2' })],
  ['a time beyond all dates', JSON.stringify({ ...BLOCK, since: 1e300 })],
  ['an unknown evidence', JSON.stringify({ ...BLOCK, evidence: 'sure' })],
  ['ports below 0', JSON.stringify({ ...BLOCK, ports: -1 })],
  ['an unblock without a time', JSON.stringify({ ...BLOCK, op: 'unblock' })],
])('%s is no message', (_what, text) => {
  expect(messageIn(text)).toBe('it is no message of portsentry');
});

test('a message of a later version is told from nonsense', () => {
  expect(messageIn(JSON.stringify({ ...BLOCK, v: 2 }))).toBe('version 2 of messages is not known here');
});

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => messageIn(text) !== undefined));
});

test('the name of any host fits', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (host) => {
      const { text } = signer.sign(blockMessage({ ...report, tool: 'x'.repeat(40) }, host));
      const message = messageIn(text);
      expect(text.length).toBeLessThanOrEqual(MAX_MESSAGE_LENGTH);
      if (typeof message === 'string') throw new Error(message);
      expect(decisionId(message.host, report.target, 1)).toBe(decisionId(host, report.target, 1));
    }),
  );
});

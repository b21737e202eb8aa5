import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { sharingRoles } from '../../src/config/share-checks.ts';
import { configWith } from '../respond/given.ts';

const URL = 'CROWDSEC_URL="https://lapi.example:8080"';
const LOGIN = 'CROWDSEC_MACHINE="one"\nCROWDSEC_PASSWORD_FILE="/p"';
const CERT = 'CROWDSEC_CERT_FILE="/c"\nCROWDSEC_CERT_KEY_FILE="/k"';

function messagesOf(text: string): string[] {
  return parseConfig(text, 'f').findings.map(({ severity, message }) => `${severity}: ${message}`);
}

test.each([
  [`${URL}\n${LOGIN}`],
  [`${URL}\nCROWDSEC_KEY_FILE="/k"`],
  [`${URL}\n${CERT}`],
  ['CROWDSEC_URL="http://127.0.0.1:8080"\nCROWDSEC_KEY_FILE="/k"'],
])('%j has no findings', (text) => {
  expect(messagesOf(text)).toEqual([]);
});

test.each([
  [URL, /^error: CROWDSEC_URL: expected CROWDSEC_MACHINE and .* found none of them$/],
  [`${URL}\nSHARE="push"\nCROWDSEC_KEY_FILE="/k"`, /^error: CROWDSEC_URL: expected CROWDSEC_MACHINE/],
  [`${URL}\nSHARE="pull"\n${LOGIN}`, /^error: CROWDSEC_URL: expected CROWDSEC_KEY_FILE/],
  ['CROWDSEC_KEY_FILE="/k"', /^warning: CROWDSEC_KEY_FILE has no effect without CROWDSEC_URL/],
  [
    `${URL}\nCROWDSEC_KEY_FILE="/k"\nCROWDSEC_MACHINE="one"`,
    /^error: CROWDSEC_MACHINE: expected CROWDSEC_PASSWORD_FILE/,
  ],
  [
    `${URL}\nCROWDSEC_KEY_FILE="/k"\nCROWDSEC_PASSWORD_FILE="/p"`,
    /^error: CROWDSEC_PASSWORD_FILE: expected CROWDSEC_MACHINE/,
  ],
  [`${URL}\nCROWDSEC_CERT_FILE="/c"`, /^error: CROWDSEC_CERT_FILE: expected CROWDSEC_CERT_KEY_FILE/],
  ['CROWDSEC_URL="http://lapi.example"\nCROWDSEC_KEY_FILE="/k"', /^warning: CROWDSEC_URL: with http:/],
  [`CROWDSEC_URL="http://127.0.0.1"\n${CERT}`, /^error: CROWDSEC_URL: expected https:/],
  [`${URL}\n${LOGIN}\nSHARE_REPEATED="1"`, /^warning: SHARE_REPEATED="1": anybody can forge/],
  ['CROWDSEC_URL="https://user:secret@x"', /^error: (?!.*secret).*without a user and a password/],
  ['CROWDSEC_URL="ftp://x"', /^error: .*expected an address such as/],
  ['CROWDSEC_URL="https://x/?a"', /^error: .*without \? and #/],
  [`${URL}\nCROWDSEC_MACHINE="a b"`, /^error: .*expected a name of 1 to 64/],
])('%j has a finding', (text, message) => {
  expect(messagesOf(text)).toEqual([expect.stringMatching(message)]);
});

test.each([
  [{ crowdsecMachine: 'one', crowdsecPasswordFile: '/p' }, true, false],
  [{ crowdsecKeyFile: '/k' }, false, true],
  [{ crowdsecCertFile: '/c' }, true, true],
  [{ crowdsecCertFile: '/c', share: 'push' as const }, true, false],
  [{ crowdsecCertFile: '/c', share: 'pull' as const }, false, true],
  [{}, false, false],
])('%j tells: %s, asks: %s', (settings, pushes, pulls) => {
  expect(sharingRoles(configWith(settings))).toEqual({ pushes, pulls });
});

const REDIS = 'REDIS_URL="rediss://redis.example:6379"\nSHARE_KEY_FILE="/k"';

test.each([
  [REDIS],
  [`${REDIS}\nREDIS_USER="portsentry"\nREDIS_PASSWORD_FILE="/p"\nREDIS_STREAM="hosts.v1"`],
  [`${REDIS}\nREDIS_PASSWORD_FILE="/p"`],
  [`${REDIS}\nREDIS_CERT_FILE="/c"\nREDIS_CERT_KEY_FILE="/k"\nREDIS_CA_FILE="/a"`],
  ['REDIS_URL="redis://[::1]"\nSHARE_KEY_FILE="/k"'],
])('%j has no findings', (text) => {
  expect(messagesOf(text)).toEqual([]);
});

test.each([
  ['REDIS_URL="rediss://x"', /^error: REDIS_URL: expected SHARE_KEY_FILE beside it, found none$/],
  ['REDIS_USER="x"', /^warning: REDIS_USER has no effect without REDIS_URL/],
  ['SHARE_KEY_FILE="/k"', /^warning: SHARE_KEY_FILE has no effect without REDIS_URL/],
  [`${REDIS}\nREDIS_USER="x"`, /^error: REDIS_USER: expected REDIS_PASSWORD_FILE beside it/],
  [`${REDIS}\nREDIS_CERT_FILE="/c"`, /^error: REDIS_CERT_FILE: expected REDIS_CERT_KEY_FILE/],
  [`${REDIS}\nREDIS_CERT_KEY_FILE="/c"`, /^error: REDIS_CERT_KEY_FILE: expected REDIS_CERT_FILE/],
  ['REDIS_URL="redis://x"\nSHARE_KEY_FILE="/k"', /^warning: REDIS_URL: with redis: everybody on the way/],
  ['REDIS_URL="redis://x"\nSHARE_KEY_FILE="/k"\nREDIS_CA_FILE="/a"', /^error: REDIS_URL: expected rediss:/],
  [`${URL}\n${LOGIN}\n${REDIS}`, /^warning: REDIS_URL has no effect beside CROWDSEC_URL/],
  [`${REDIS}\nREDIS_STREAM="a*"`, /^error: .*expected a name of 1 to 64/],
  ['REDIS_URL="rediss://user:secret@x"', /^error: (?!.*secret).*without a user and a password/],
  ['REDIS_URL="rediss://x/1"', /^error: .*nothing after the port/],
  ['REDIS_URL="http://x"', /^error: .*expected an address such as rediss:/],
])('%j has a finding', (text, message) => {
  expect(messagesOf(text)).toEqual([expect.stringMatching(message)]);
});

test.each([
  ['both', true, true],
  ['push', true, false],
  ['pull', false, true],
] as const)('Redis with SHARE="%s" tells: %s, asks: %s', (share, pushes, pulls) => {
  expect(sharingRoles(configWith({ redisUrl: 'redis://x', share }))).toEqual({ pushes, pulls });
});

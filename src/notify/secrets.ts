/** An address, and the value of the header Authorization; null for that of the user and password in the address. */
interface Credentials {
  readonly url: URL;
  readonly authorization: string | null;
}

/** A shorter part would blank out words that are none. */
const MIN_SECRET_CHARS = 6;

/** The header Authorization: that of NOTIFY_TOKEN_FILE, or else user and password of the address; null for none. */
export function authorizationOf({ url, authorization }: Credentials): string | null {
  if (authorization !== null) return authorization;
  if (url.username === '' && url.password === '') return null;
  const pair = `${decodeSafely(url.username)}:${decodeSafely(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** A receiver may repeat what it got. The path of an address is as secret as a token. */
export function withoutSecrets(text: string, receiver: Credentials): string {
  return secretsOf(receiver)
    .toSorted((a, b) => b.length - a.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}

/** Each secret as it is sent, encoded and decoded. */
function secretsOf(receiver: Credentials): string[] {
  const { pathname, search, username, password } = receiver.url;
  const parts = [
    ...headerParts(authorizationOf(receiver)),
    `${pathname}${search}`,
    `${username}:${password}`,
    password,
    username,
    ...pathname.split('/'),
  ];
  const forms = parts.flatMap((part) => [part, decodeSafely(part), encodeURIComponent(part)]);
  return [...new Set(forms)].filter((form) => form.length >= MIN_SECRET_CHARS);
}

/** The whole value, its credentials, and what is in them when they are of Basic. */
function headerParts(authorization: string | null): string[] {
  if (authorization === null) return [];
  const [, scheme = '', credentials = authorization] = /^(\S+) +(.*)$/.exec(authorization) ?? [];
  const parts = [authorization, credentials, credentials.replace(/=+$/, '')];
  const last = authorization.split(' ').at(-1) ?? '';
  if (scheme.toLowerCase() !== 'basic') return [...parts, last];
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return [...parts, pair, pair.slice(0, Math.max(0, colon)), pair.slice(colon + 1)];
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

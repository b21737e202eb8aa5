import { formatTime, isoTime } from '../../record/times.ts';

/** Text that came from a file is cut to this length. */
const MAX_CHARS = 400;

/**
 * What must not stand in a page as it is: markup, control characters, the marks that turn the direction of text, other
 * invisible ones, and halves of characters.
 */
const UNSAFE =
  /[&<>"'`=]|[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g;

const REPLACEMENT = '\ufffd';

/** Any text as text of the page, or as the value of an attribute in quotes. */
export function escapeHtml(text: string): string {
  const cut = text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}...` : text;
  return cut.replace(UNSAFE, (found) => {
    return /^[&<>"'`=]$/.test(found) ? `&#${found.charCodeAt(0)};` : REPLACEMENT;
  });
}

/** A number with commas, without fractions. */
export function number(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number of things of which there may be more. */
export function atLeast(value: number, isMore: boolean): string {
  return `${isMore ? 'at least ' : ''}${number(value)}`;
}

/** A local time, with UTC as its title. */
export function timeTag(time: number): string {
  const iso = isoTime(time);
  return `<time datetime="${iso}" title="${iso.slice(0, 19).replace('T', ' ')} UTC">${formatTime(time)}</time>`;
}

/** How the local time of a moment differs from UTC: `UTC+01:00`. */
export function zoneText(time: number): string {
  const minutes = -new Date(time).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

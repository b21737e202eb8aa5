import { formatTime, isoTime } from '../../record/times.ts';

/** What would be markup. Names are plain already (`plainName`). */
const MARKUP = /[&<>"'`=]/g;

/** Any text as text of the page, or as the value of an attribute in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(MARKUP, (found) => `&#${found.charCodeAt(0)};`);
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

/** Times as the text files have them, in local time. `time` is in ms since the epoch; fractions are cut off. */

/** `1795354417 - 11/22/2026 13:33:37`, the beginning of a 1.x history line. */
export function time1(time: number): string {
  const date = new Date(time);
  const day = `${two(date.getMonth() + 1)}/${two(date.getDate())}/${date.getFullYear()}`;
  return `${Math.floor(time / 1000)} - ${day} ${clock(date)}`;
}

/** `2026-11-22T13:35:37.513+0000`, the beginning of a 2.x history line. */
export function time2(time: number): string {
  const date = new Date(time);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const fraction = String(date.getMilliseconds()).padStart(3, '0');
  return `${day}T${clock(date)}.${fraction}${offset(-date.getTimezoneOffset())}`;
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Minutes east of Greenwich, as RFC 822 writes them. */
function offset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

import { oneLine } from '../record/one-line.ts';
import { dayText, timeOfDayText } from '../record/times.ts';

/**
 * Lines that begin with the time of their packet, as people read it, and with the date as well where that is another
 * one than in the line before. With several captures the file follows: `13:33:37.123 a.pcap: attackalert: ...`.
 */
export class StampedText {
  readonly #write: (line: string) => void;
  readonly #namesFiles: boolean;
  #time = Number.NaN;
  #file: string | undefined;
  /** The file as it is written: its name may have a line feed in it. */
  #fileText = '';
  #day = '';
  /** The second of the last line, and its text. */
  #second = Number.NaN;
  #secondText = '';

  /** `namesFiles` for several captures. */
  constructor(write: (line: string) => void, namesFiles: boolean) {
    this.#write = write;
    this.#namesFiles = namesFiles;
  }

  /** The lines that follow are about a packet of this time, in ms since the epoch. */
  at(time: number, file: string | undefined): void {
    this.#time = time;
    if (file === this.#file) return;
    this.#file = file;
    this.#fileText = file === undefined || !this.#namesFiles ? '' : `${oneLine(file)}: `;
  }

  /** Writes a line. One before the first packet has no time. */
  line(text: string): void {
    if (Number.isNaN(this.#time)) {
      this.#write(text);
      return;
    }
    const second = Math.floor(this.#time / 1_000);
    let day = '';
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = timeOfDayText(second * 1_000);
      day = dayText(second * 1_000);
      if (day === this.#day) day = '';
      else this.#day = day;
    }
    const fraction = String(Math.floor(this.#time) - second * 1_000).padStart(3, '0');
    this.#write(`${day === '' ? '' : `${day} `}${this.#secondText}.${fraction} ${this.#fileText}${text}`);
  }
}

import type { Probe } from '../classify/probe.ts';
import { unicornscanKey } from '../classify/tool/unicornscan.ts';
import { type ToolName, toolOf } from '../classify/tool.ts';

/**
 * Whose tool the probes of one scan are: the one whose mark most of them bear, found without counting each (Boyer
 * and Moore, "MJRTY", 1981). A mark that one packet in 65,536 bears by chance so never names a scan.
 */
export class ToolVote {
  #leader: ToolName | null = null;
  #lead = 0;
  /** Of the last SYN: its unicornscan secret, and where it went. */
  #key: number | null = null;
  #keyPort = 0;

  /** The tool of the scan so far. */
  get name(): ToolName | null {
    return this.#leader;
  }

  /** Takes one more probe, and says what it looks like itself. */
  add(probe: Probe): ToolName | null {
    const tool = toolOf(probe) ?? this.#unicornscan(probe);
    if (tool === this.#leader) this.#lead++;
    else if (this.#lead === 0) {
      this.#leader = tool;
      this.#lead = 1;
    } else this.#lead--;
    return tool;
  }

  reset(): void {
    this.#leader = null;
    this.#lead = 0;
    this.#key = null;
  }

  #unicornscan(probe: Probe): ToolName | null {
    const key = unicornscanKey(probe);
    const isOne = key !== null && key === this.#key && probe.destinationPort !== this.#keyPort;
    this.#key = key;
    this.#keyPort = probe.destinationPort;
    return isOne ? 'unicornscan' : null;
  }
}

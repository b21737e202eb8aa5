import type { Probe } from '../classify/probe.ts';
import { unicornscanKey } from '../classify/tool/unicornscan.ts';
import { type ToolName, toolOf } from '../classify/tool.ts';

/**
 * Finds the tool whose fingerprint most probes of a scan have, without a count for each (Boyer and Moore, "MJRTY",
 * 1981). So a fingerprint that one packet in 65,536 has by chance never names a scan.
 */
export class ToolVote {
  #leader: ToolName | null = null;
  #lead = 0;
  /** The unicornscan secret of the last SYN, and its destination port. */
  #key: number | null = null;
  #keyPort = 0;

  /** The tool of the scan so far; null for none. */
  get name(): ToolName | null {
    return this.#leader;
  }

  /** Adds a probe and returns the tool that it looks like itself. */
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

/** Ms of the processor that this process has used: however busy the machine is, the same work takes the same. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

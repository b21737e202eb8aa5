const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** A PATH with sbin in it, where iptables lives: cron and init scripts start daemons without. */
export function fullPath(path = ''): string {
  const folders = path.split(':').filter((folder) => folder !== '');
  return [...folders, ...SYSTEM_PATH.filter((folder) => !folders.includes(folder))].join(':');
}

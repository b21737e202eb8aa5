import { describe, expect, test } from 'vitest';
import { undoOf } from '../../src/config/undo.ts';

describe('the undo is that of the command, not always one of iptables', () => {
  test.each([
    // PortSentry 1.2 and 2.0.7 as they are shipped.
    ['/sbin/route add -host $TARGET$ reject', '/sbin/route del -host $TARGET$ reject'],
    [
      '/sbin/route add -host $TARGET$ gw 333.444.555.666',
      '/sbin/route del -host $TARGET$ gw 333.444.555.666',
    ],
    ['/sbin/route add $TARGET$ 333.444.555.666', '/sbin/route del $TARGET$ 333.444.555.666'],
    [
      'route add -net $TARGET$ -netmask 255.255.255.255 127.0.0.1 -blackhole',
      'route del -net $TARGET$ -netmask 255.255.255.255 127.0.0.1 -blackhole',
    ],
    [
      '/usr/local/bin/iptables -I INPUT -s $TARGET$ -j DROP',
      '/usr/local/bin/iptables -D INPUT -s $TARGET$ -j DROP',
    ],
    ['/sbin/ipchains -I input -s $TARGET$ -j DENY -l', '/sbin/ipchains -D input -s $TARGET$ -j DENY -l'],
    // iptables
    ['iptables -A INPUT -s $TARGET$ -j DROP', 'iptables -D INPUT -s $TARGET$ -j DROP'],
    ['iptables -I INPUT 1 -s $TARGET$ -j DROP', 'iptables -D INPUT -s $TARGET$ -j DROP'],
    [
      'iptables -w -t raw -I PREROUTING -s $TARGET$ -j DROP',
      'iptables -w -t raw -D PREROUTING -s $TARGET$ -j DROP',
    ],
    ['iptables --insert INPUT 3 -s $TARGET$ -j REJECT', 'iptables -D INPUT -s $TARGET$ -j REJECT'],
    ['iptables --append INPUT --source $TARGET$ -j DROP', 'iptables -D INPUT --source $TARGET$ -j DROP'],
    ['/sbin/ip6tables -I INPUT -s $TARGET$ -j DROP', '/sbin/ip6tables -D INPUT -s $TARGET$ -j DROP'],
    ['iptables-nft -I INPUT -s $TARGET$ -j DROP', 'iptables-nft -D INPUT -s $TARGET$ -j DROP'],
    ['sudo -n iptables -I INPUT -s $TARGET$ -j DROP', 'sudo -n iptables -D INPUT -s $TARGET$ -j DROP'],
    ['timeout 5 iptables -I INPUT -s $TARGET$ -j DROP', 'timeout 5 iptables -D INPUT -s $TARGET$ -j DROP'],
    ['iptables -I INPUT -s "$TARGET$" -j DROP >/dev/null 2>&1', 'iptables -D INPUT -s "$TARGET$" -j DROP'],
    // iproute2
    ['ip route add blackhole $TARGET$', 'ip route del blackhole $TARGET$'],
    ['/sbin/ip -6 route replace unreachable $TARGET$', '/sbin/ip -6 route del unreachable $TARGET$'],
    ['ip r a prohibit $TARGET$/32', 'ip r del prohibit $TARGET$/32'],
    ['ip rule add from $TARGET$ blackhole', 'ip rule del from $TARGET$ blackhole'],
    ['ip route add blackhole $TARGET$ && ip route flush cache', 'ip route del blackhole $TARGET$'],
    // nft
    [
      'nft add rule ip filter input ip saddr $TARGET$ drop',
      "nft delete rule ip filter input handle $(nft -a list chain ip filter input | grep -F -m1 ' saddr $TARGET$ ' | sed 's/.* handle //')",
    ],
    [
      "/usr/sbin/nft 'insert rule inet filter input position 4 ip saddr $TARGET$ counter drop'",
      "/usr/sbin/nft delete rule inet filter input handle $(/usr/sbin/nft -a list chain inet filter input | grep -F -m1 ' saddr $TARGET$ ' | sed 's/.* handle //')",
    ],
    [
      'nft add element inet filter scanners { $TARGET$ timeout 1d }',
      "nft delete element inet filter scanners '{ $TARGET$ }'",
    ],
    ['nft add element filter bad \\{ $TARGET$ \\}', "nft delete element filter bad '{ $TARGET$ }'"],
    // ipset
    ['ipset add scanners $TARGET$', 'ipset del scanners $TARGET$'],
    ['ipset -exist add scanners $TARGET$ timeout 3600', 'ipset del scanners $TARGET$ -exist'],
    ['/usr/sbin/ipset -A scanners $TARGET$', '/usr/sbin/ipset -D scanners $TARGET$'],
    // pf
    ['/sbin/pfctl -t scanners -T add $TARGET$', '/sbin/pfctl -t scanners -T delete $TARGET$'],
    ['pfctl -q -t scanners -Tadd $TARGET$/32', 'pfctl -q -t scanners -Tdelete $TARGET$/32'],
    // ufw
    ['ufw deny from $TARGET$', 'ufw delete deny from $TARGET$'],
    ['/usr/sbin/ufw insert 1 deny from $TARGET$ to any', '/usr/sbin/ufw delete deny from $TARGET$ to any'],
    ["ufw --force prepend reject from $TARGET$ comment 'port scan'", 'ufw delete reject from $TARGET$'],
    // firewalld
    [
      "firewall-cmd --add-rich-rule='rule family=ipv4 source address=$TARGET$ drop' --timeout=3600",
      "firewall-cmd --remove-rich-rule='rule family=ipv4 source address=$TARGET$ drop'",
    ],
    ['firewall-cmd --zone=drop --add-source=$TARGET$', 'firewall-cmd --zone=drop --remove-source=$TARGET$'],
    [
      'firewall-cmd --permanent --ipset=bad --add-entry=$TARGET$ && firewall-cmd --reload',
      'firewall-cmd --permanent --ipset=bad --remove-entry=$TARGET$ && firewall-cmd --reload',
    ],
    [
      'firewall-cmd --direct --add-rule ipv4 filter INPUT 0 -s $TARGET$ -j DROP',
      'firewall-cmd --direct --remove-rule ipv4 filter INPUT 0 -s $TARGET$ -j DROP',
    ],
    // Others that take an address and its opposite.
    ['/sbin/shorewall drop $TARGET$', '/sbin/shorewall allow $TARGET$'],
    ['csf -d $TARGET$ port scan', 'csf -dr $TARGET$ port scan'],
    ['fail2ban-client set portscan banip $TARGET$', 'fail2ban-client set portscan unbanip $TARGET$'],
  ])('%s', (command, undo) => {
    expect(undoOf(command)).toEqual({ known: true, command: undo });
  });
});

describe('of several commands each is undone', () => {
  test.each([
    [
      'joined by &&: in reverse order',
      "/sbin/iptables -I INPUT -s $TARGET$ -j DROP && /sbin/iptables -I INPUT -s $TARGET$ -m limit --limit 3/minute --limit-burst 5 -j LOG --log-level DEBUG --log-prefix 'Portsentry: dropping: '",
      "/sbin/iptables -D INPUT -s $TARGET$ -m limit --limit 3/minute --limit-burst 5 -j LOG --log-level DEBUG --log-prefix 'Portsentry: dropping: ' && /sbin/iptables -D INPUT -s $TARGET$ -j DROP",
    ],
    [
      'joined by ;: in their order',
      'iptables -A INPUT -s $TARGET$ -j DROP; ipset add bad $TARGET$;',
      'iptables -D INPUT -s $TARGET$ -j DROP; ipset del bad $TARGET$',
    ],
    [
      'joined by ||: the one that worked',
      'iptables -I INPUT -s $TARGET$ -j DROP || ip6tables -I INPUT -s $TARGET$ -j DROP',
      'iptables -D INPUT -s $TARGET$ -j DROP || ip6tables -D INPUT -s $TARGET$ -j DROP',
    ],
    [
      'a check before the rule has nothing to undo',
      'iptables -C INPUT -s $TARGET$ -j DROP || iptables -I INPUT -s $TARGET$ -j DROP',
      'iptables -D INPUT -s $TARGET$ -j DROP',
    ],
    [
      'a note in a log neither',
      '/sbin/iptables -I INPUT -s $TARGET$ -j DROP && echo "$TARGET$:$PORT$" >> /var/log/portsentry.block.log',
      '/sbin/iptables -D INPUT -s $TARGET$ -j DROP',
    ],
    [
      'a mail neither',
      "iptables -I INPUT -s $TARGET$ -j DROP && echo '$TARGET$ was here' | mail -s scan root",
      'iptables -D INPUT -s $TARGET$ -j DROP',
    ],
    [
      'rules are saved again after the undo',
      'iptables -I INPUT -s $TARGET$ -j DROP && /etc/init.d/iptables save && iptables-save > /etc/iptables.rules',
      'iptables -D INPUT -s $TARGET$ -j DROP && /etc/init.d/iptables save && iptables-save > /etc/iptables.rules',
    ],
    [
      'in the background',
      'iptables -I INPUT -s $TARGET$ -j DROP & logger "blocked $TARGET$"',
      'iptables -D INPUT -s $TARGET$ -j DROP',
    ],
  ])('%s', (_name, command, undo) => {
    expect(undoOf(command)).toEqual({ known: true, command: undo });
  });
});

describe('where no undo is known, that is said', () => {
  const PLAIN = 'it is more than a list of plain commands';
  test.each([
    ['/usr/local/sbin/drop $TARGET$', 'it calls /usr/local/sbin/drop $TARGET$'],
    // The words of 2.0.7's example; there is no such program.
    [
      'nftables add rule ip filter input ip saddr $TARGET$ drop',
      'it calls nftables add rule ip filter input ip saddr $TARGET$ drop',
    ],
    // A number stands for all rules that have it.
    [
      '/sbin/ipfw add 1 deny all from $TARGET$:255.255.255.255 to any',
      'it calls /sbin/ipfw add 1 deny all from $TARGET$:255.255.255.255 to any',
    ],
    // Loads a whole new ruleset.
    [
      "/bin/echo 'block in log on external_interface from $TARGET$/32 to any' | /sbin/pfctl -f -",
      "it calls /bin/echo 'block in log on external_interface from $TARGET$/32 to any' | /sbin/pfctl -f -",
    ],
    [
      'nft add rule ip filter input ip saddr { $TARGET$, 10.0.0.1 } drop',
      'it calls nft add rule ip filter input ip saddr { $TARGET$, 10.0.0.1 } drop',
    ],
    ['iptables -F INPUT; echo $TARGET$', 'it calls iptables -F INPUT'],
    ['iptables -D INPUT -s $TARGET$ -j ACCEPT', 'it calls iptables -D INPUT -s $TARGET$ -j ACCEPT'],
    ['echo $TARGET$ >> /etc/blocked', 'nothing in it is known to block'],
    [
      'iptables -I INPUT -s $TARGET$ -j DROP && ipset add a $TARGET$ || ipset add b $TARGET$',
      'it joins blocking commands by both && and ||',
    ],
    ['for i in INPUT FORWARD; do iptables -I $i -s $TARGET$ -j DROP; done', PLAIN],
    ['(iptables -I INPUT -s $TARGET$ -j DROP)', PLAIN],
    ['if true; then iptables -I INPUT -s $TARGET$ -j DROP; fi', PLAIN],
    ['iptables -I INPUT -s `echo $TARGET$` -j DROP', PLAIN],
    ['iptables -I INPUT -s "$(echo $TARGET$)" -j DROP', PLAIN],
    ["iptables -I INPUT -s '$TARGET$ -j DROP", PLAIN],
    ['iptables -I INPUT -s $TARGET$ -j DROP &&', PLAIN],
    ['&& iptables -I INPUT -s $TARGET$ -j DROP', PLAIN],
    ['', PLAIN],
    ['  ', PLAIN],
    [';', PLAIN],
    ['>', PLAIN],
  ])('%s', (command, why) => {
    expect(undoOf(command)).toEqual({ known: false, why });
  });
});

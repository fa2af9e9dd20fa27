/** Expressions as users write them. Each is counted against `tcpdump -O`, or refused by both. */
export const expressions: readonly string[] = `

tcp
udp
icmp
icmp6
arp
rarp
ip
ip6
sctp
igmp
pim
vrrp
carp
ah
esp
igrp
stp
ipx
netbeui
atalk
aarp
decnet
iso
clnp
esis
isis
lat
moprc
port 80
port 443
port 53
port http
port https
port domain
port ssh
port ntp
port bootps
tcp port 80
tcp port http
udp port 53
udp port domain
sctp port 2905
tcp port snmp
udp port snmp
udp port http
port nosuchservice
src port 53
dst port 53
src or dst port 53
dst or src port 53
src and dst port 137
tcp src port 80
udp dst port 53
port 80 or 443
port 80 or port 443
port 80 or port 443 or port 53 or port 8080
tcp port 80 or tcp port 443
port (80 or 443)
port 80 and (81 or 82)
not port 53
not port 53 and not port 80
not (port 53 or port 80)
tcp and not port 80
udp and not port 53
port not 80
portrange 0-1023
portrange 1024-65535
portrange 90-80
portrange 80
portrange http-https
tcp portrange 1-100
udp portrange 50-60 or 60-70
src portrange 1-1023
dst portrange 1-1023
src and dst portrange 1-2000
portrange 53-53 or port 80
portrange 0-65535
portrange 1-70000
port 70000
port 0x50
port 080
port 0120
host 10.0.0.1
host 192.168.1.1
host 192.168.0.1 or host 10.0.0.1
host 192.168.1.1 or 192.168.1.2
host 192.168.1.1 and 192.168.1.2
src host 192.168.1.1
dst host 192.168.1.1
src 192.168.1.1
dst 192.168.1.1
src or dst 192.168.1.1
src and dst 192.168.1.1
ip host 192.168.1.1
arp host 192.168.1.1
rarp host 192.168.1.1
not host 192.168.1.1
not host 192.168.1.1 and not host 192.168.1.2 and not host 10.0.0.1
host 10
host 10.1
host 10.1.2
host 10.0.0.256
src host 10.1.2.3 or src host 10.1.2.4
host 1.2.3.4/32
tcp host 1.2.3.4
ip6 host 1.2.3.4
net 10
net 10.0.0.0/8
net 192.168
net 192.168.0.0/16
net 192.168.1
net 192.168.0.0 mask 255.255.0.0
net 10.0.0.0 mask 255.0.0
src net 192.168.0.0/16
dst net 192.168.0.0/16
src net 10 or dst net 10
net 10/8
net 10.0.0.1/8
net 0.0.0.0/0
net 10.0.0.0/33
net 224.0.0.0/4
net 10 or 172.16 or 192.168
net 10.0.0.0/8 or net 172.16.0.0/12 or net 192.168.0.0/16
not net 10.0.0.0/8 and not net 192.168.0.0/16
ip net 10
arp net 192.168
net 300
src 10.0.0.0/8
ip6 host ::1
host ::1
host 2001:db8::1
host fe80::1
net fe80::/10
net 2001::/16
net ::/0
net 2001:db8::/33
src net fe80::/64
dst net ff02::/16
host ff02::1
host ff02::1 or host ff02::2
ip6 net ff00::/8
ip host ::1
net fe80::1/10
ip6 and not net fe80::/10
ether host 00:11:22:33:44:55
ether host ff:ff:ff:ff:ff:ff
ether src 00:11:22:33:44:55
ether dst ff:ff:ff:ff:ff:ff
ether dst 33:33:00:00:00:01
ether src and dst 00:11:22:33:44:55
ether host 001122334455
ether host 0011.2233.4455
ether host 00-11-22-33-44-55
host 00:11:22:33:44:55
ether proto 0x800
ether proto \\ip
ether proto \\arp
ether proto \\ip6
ether proto 0x88cc
ether proto 0x8847
ether proto 0x42
ether proto 0
ether proto 1500
ether proto 1501
ether proto \\stp
ether proto nosuch
ip proto 6
ip proto \\tcp
ip proto tcp
ip proto 47
ip proto \\gre
ip proto \\ospf
ip proto 300
ip6 proto 58
ip6 proto \\udp
ip6 proto 44
ip6 proto 0
proto 17
proto \\udp
proto 1
tcp proto 5
broadcast
ether broadcast
ip broadcast
multicast
ether multicast
ip multicast
ip6 multicast
not broadcast and not multicast
broadcast or multicast
ip broadcast or ip multicast
less 64
less 100
greater 100
greater 1000
greater 1500
len > 100
len >= 100
len < 64
len <= 64
len = 60
len == 60
len != 60
length > 500
len - 14 > 100
len > 50 and len < 100
100 < len
vlan
vlan 1
vlan 10
vlan 100
vlan 4095
vlan 4096
vlan and ip
vlan and tcp
vlan 100 and ip
vlan and vlan
vlan and vlan and ip
vlan or ip
ip or vlan
vlan 5 or vlan 6
not vlan
not vlan and ip
(vlan and ip) or ip
tcp or (vlan and tcp)
vlan and port 80
vlan and host 10.0.0.1
ip and not vlan
mpls
mpls 16
mpls and ip
mpls and tcp
mpls and mpls and ip
mpls and host 10.0.0.1
mpls and port 80
mpls and arp
pppoed
pppoes
pppoes 1
pppoes and ip
pppoes and tcp
pppoes and port 80
pppoes and ip6
pppoes and mpls
inbound
outbound
ifindex 1
tcp[13] & 2 != 0
tcp[tcpflags] & tcp-syn != 0
tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn
tcp[tcpflags] == tcp-syn
tcp[tcpflags] == (tcp-syn|tcp-ack)
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[tcpflags] & tcp-rst != 0
tcp[tcpflags] & tcp-push != 0
tcp[tcpflags] & (tcp-ece|tcp-cwr|tcp-urg) != 0
tcp[13] = 18
tcp[13] == 0x12
tcp[0:2] = 80
tcp[2:2] = 80
tcp[0:2] > 1024
tcp[14:2] < 1000
tcp[4:4] > 0x80000000
tcp[12] >> 4 > 5
tcp[12] & 0xf0 != 0x50
((tcp[12] & 0xf0) >> 2) > 20
tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420
tcp[(tcp[12]>>2):4] = 0x48545450
port 80 and tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420
tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)
ip[2:2] > 576
ip[0] & 0xf != 5
ip[0] = 0x45
ip[6] = 64
ip[6] & 0x40 != 0
ip[6:2] & 0x1fff != 0
ip[6:2] & 0x3fff != 0
ip[8] < 5
ip[8] = 64
ip[8] >= 128
ip[9] = 6
ip[12:4] = ip[16:4]
ip[12:4] != ip[16:4]
ip[16] >= 224
ip[19] = 0xff
ip[1] & 0xfc == 0xb8
udp[0:2] = 53
udp[4:2] > 100
udp[4:2] < 50
udp[8] = 0
udp[8:4] = 0xffffffff
udp[10] & 0x80 = 0
udp[0:2] > 1023 and udp[2:2] > 1023
udp[8:2] & 0xc000 = 0x8000
icmp[0] = 8
icmp[0] = 0
icmp[icmptype] = icmp-echo
icmp[icmptype] = icmp-echoreply
icmp[icmptype] = icmp-unreach
icmp[icmptype] == icmp-unreach and icmp[icmpcode] == 3
icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply
icmp[0] = icmp-timxceed
icmp[4:2] = 1
icmp6[0] = 128
icmp6[icmp6type] = icmp6-echo
icmp6[icmp6type] = icmp6-neighborsolicit
icmp6[icmp6type] == icmp6-routeradvert or icmp6[icmp6type] == icmp6-routersolicit
icmp6[0] >= 133 and icmp6[0] <= 137
ip6[6] = 58
ip6[6] = 0
ip6[7] = 255
ip6[40] = 128
ip6[0] & 0xf0 = 0x60
ip6[4:2] > 100
arp[6:2] = 1
arp[6:2] = 2
arp[7] = 1
arp[14:4] = arp[24:4]
ether[0] & 1 = 0
ether[0] & 1 = 1
ether[0:4] = 0xffffffff
ether[12:2] = 0x0800
ether[12:2] > 1500
ether[12:2] = 0x8100
ether[-1] = 5
link[0] = 0
link[12:2] = 0x86dd
sctp[0:2] = 2905
igmp[0] = 0x11
pim[0] = 0x20
vrrp[0] = 0x21
ip[ip[0]] = 0
ip[0] / 0 = 1
ip[0] % 0 = 1
ip[0] / ip[1] = 1
ip[2:2] / ip[8] > 10
ip[2:2] % 7 = 3
ip[2:2] * 2 > 200
ip[8] + ip[9] = 70
ip[8] - ip[9] = 58
ip[8] ^ ip[9] = 70
ip[8] | ip[9] = 70
ip[8] + ip[9] ^ ip[0] * 2 = 70
ip[2:2] * 2 % 7 + 1 = 3
len & 14 | 3 << 1 + 2 * 3 > 40
ether proto 6
ip[8] << 2 > 100
ip[8] << 33 > 5
ip[8] >> ip[9] = 1
ip[8] << ip[8] = 0
1 = 1
1 = 2
1 != 2
5 > 3
0x1f = 31
1 + tcp[0] = 5
tcp[0] + 1 = 5
1
len
tcp[0:3] = 1
ip[ 0 ] = 0x45
tcp and port 80
tcp and port 80 or udp and port 53
tcp and (port 80 or port 443)
(tcp or udp) and net 10
udp or icmp and host 10.0.0.1
(tcp port 80 or udp port 53) and host 192.168.1.1
tcp and host 192.168.1.1 and port 80
host 192.168.1.1 and not port 22
not arp and not icmp
not (arp or icmp or icmp6)
not arp and not stp
ip and not tcp and not udp
!tcp
! tcp && udp
tcp || udp
tcp && !udp || icmp
not not tcp
not (not tcp)
((tcp))
ip or not ip
ip and not ip
tcp and udp
tcp or not tcp
tcp or (not tcp and udp)
port 53 or icmp or arp
icmp or (tcp and port 80)
tcp or udp or icmp or arp or ip6
ip and tcp and port 80
ip6 and tcp
ip6 and udp port 53
ip6 and port 80
src net 192.168 and dst port 80
src host 192.168.1.1 and tcp and dst port 80
dst host 255.255.255.255
src host 0.0.0.0
udp port 67 or udp port 68
udp port 67 or 68
port 67 or port 68
udp portrange 67-68
udp port 5353
udp port 123
tcp port 22
tcp port 25 or tcp port 110 or tcp port 143
tcp port 21 or tcp port 20
port 137 or port 138 or port 139 or port 445
tcp port 3389
udp port 161 or udp port 162
udp port 514
udp port 1900
udp port 4789
tcp port 179
port 5060
port 5060 or portrange 10000-20000
portrange 6000-6010
tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack) and src port 443
tcp[tcpflags] & tcp-syn != 0 and not src and dst net 192.168
(tcp[tcpflags] & tcp-fin) != 0
host 192.168.1.1 and (port 80 or port 443)
tcp
tcp and
and tcp
()
(tcp
tcp)
tcp udp
foo
tcp & udp
tcp | udp
tcp and not
80
not 80
tcp or 80
(port 80) or 81
port 80 or tcp or 81
port 80 and tcp or udp
10.0.0.1
10.0.0.1 and tcp
host
port
net
src
src tcp
port src 5
dst tcp port 5
src dst port 5
ether 1:2:3:4:5:6
1:2:3:4:5:6
1:2:3
::1
port ::1
tcp port tcp
host tcp
icmp port 5
ip port 80
ip6 port 80
arp port 5
gateway 10.0.0.1
llc
type mgt
wlan host 1:2:3:4:5:6
byte 0 & 5
on eth0
host localhost
ip broadcast and udp
port 4294967296
len = 99999999999
radio[0] = 1
iso[0] = 1
tcp[tcp[12]] = 1
icmp[0]
ip[0] =
ip[0
ip[] = 1
vlan 5 6
vlan (5)
vlan vlan
mpls 2000000
pppoes 70000
less
less tcp
ifindex tcp
proto
ip proto
host 1.2.3.4 or port 80 or 90
port 80 or host 1.2.3.4 or 1.2.3.5
net 10 and not 10.1
host 10.0.0.1 and not (10.0.0.2 or 10.0.0.3)
port 80 and not (81)
tcp port 80 or (udp and port 53) or (icmp and icmp[0] = 8)
(ip and (tcp or udp)) or (ip6 and (tcp or udp)) or (arp and not ether src 1:2:3:4:5:6)
ip[6:2] & 0x1fff = 0 and ((ip[0] & 0xf) << 2) + 8 < ip[2:2]
len > 64 and (tcp or udp) and not (host 10.0.0.1 or net 172.16.0.0/12)
tcp[0:2] = 443 or tcp[2:2] = 443
tcp src portrange 32768-60999 and dst port 443
ip6 and (ip6[6] = 6 or ip6[6] = 17)
`
  .split('\n')
  .filter((line) => line !== '');

/** Names that IANA's registry "Domain Name System (DNS) Parameters" gives to response codes of a header. */
const responseCodes = [
  ...['NoError', 'FormErr', 'ServFail', 'NXDomain', 'NotImp', 'Refused', 'YXDomain', 'YXRRSet', 'NXRRSet'],
  ...['NotAuth', 'NotZone', 'DSOTYPENI'],
];

/** The same of types of resource records. */
const types: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  10: 'NULL',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  17: 'RP',
  18: 'AFSDB',
  24: 'SIG',
  25: 'KEY',
  28: 'AAAA',
  29: 'LOC',
  33: 'SRV',
  35: 'NAPTR',
  37: 'CERT',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  44: 'SSHFP',
  45: 'IPSECKEY',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  51: 'NSEC3PARAM',
  52: 'TLSA',
  59: 'CDS',
  60: 'CDNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  256: 'URI',
  257: 'CAA',
};

/** Type 1 is an IPv4 address, type 28 an IPv6 one. */
export const typeA = 1;
export const typeAaaa = 28;

export const responseCodeName = (code: number): string => responseCodes[code] ?? `RCODE${code}`;

/** RFC 3597, 5: TYPE and the number where there is no name. */
export const typeName = (type: number): string => types[type] ?? `TYPE${type}`;

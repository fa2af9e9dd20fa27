import { plainWords } from '../../../../src/common/trust/tls-words.js';

test.each([
  [
    '80DC81A6FA7F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 116\n',
    'tlsv13 alert certificate required',
  ],
  [
    '807C4565197F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/openssl/ssl/record/ssl3_record.c:350:\n',
    'wrong version number',
  ],
  ['connect ECONNREFUSED 127.0.0.1:1', 'connect ECONNREFUSED 127.0.0.1:1'],
])('%j is said as %j', (message, words) => {
  expect(plainWords(message)).toBe(words);
});

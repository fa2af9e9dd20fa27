// Packs each payload with gzip. A frame is the length in 4 bytes, big-endian, and as many bytes.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	var size uint32
	for binary.Read(in, binary.BigEndian, &size) == nil {
		var packed bytes.Buffer
		packed.Write(make([]byte, 4))
		packer := gzip.NewWriter(&packed)
		io.CopyN(packer, in, int64(size))
		packer.Close()
		binary.BigEndian.PutUint32(packed.Bytes(), uint32(packed.Len()-4))
		os.Stdout.Write(packed.Bytes())
	}
}

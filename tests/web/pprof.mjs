// Writes heap profiles as a Go service serves them: pprof's profile.proto, gzip'd.
import { gzipSync } from 'node:zlib'

const kSampleTypes = [['alloc_objects', 'count'], ['alloc_space', 'bytes'], ['inuse_objects', 'count'], ['inuse_space', 'bytes']]

function varint(value) {
  const bytes = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)])
const bytes = (field, content) => Buffer.concat([varint((field << 3) | 2), varint(content.length), content])
const message = (field, ...parts) => bytes(field, Buffer.concat(parts))
const packed = (field, values) => bytes(field, Buffer.concat(values.map(varint)))

// `stacks`: [{ frames: ['leaf', ..., 'root'], block, live, born }], live and born in blocks. Sampled at 512 KiB.
export function encodeProfile(stacks, periodBytes = 512 * 1024) {
  const strings = new Map([['', 0]])
  const text = (s) => strings.get(s) ?? (strings.set(s, strings.size), strings.size - 1)
  const locations = new Map()
  const location = (name) => locations.get(name) ?? (locations.set(name, locations.size + 1), locations.size)
  const parts = []
  for (const [type, unit] of kSampleTypes) parts.push(message(1, number(1, text(type)), number(2, text(unit))))
  for (const { frames, block, live, born } of stacks)
    parts.push(message(2, packed(1, frames.map(location)), packed(2, [born, born * block, live, live * block]),
      message(3, number(1, text('bytes')), number(3, block))))
  for (const [name, id] of locations) {
    parts.push(message(4, number(1, id), message(4, number(1, id), number(2, 12))))
    parts.push(message(5, number(1, id), number(2, text(name)), number(4, text('main.go')), number(5, 10)))
  }
  parts.push(message(11, number(1, text('space')), number(2, text('bytes'))), number(12, periodBytes))
  for (const s of strings.keys()) parts.push(bytes(6, Buffer.from(s)))
  return gzipSync(Buffer.concat(parts), { level: 1 })
}

// What a downloaded workbook holds: the cells of its first sheet as texts and numbers, without a library.
import { inflateRawSync } from 'node:zlib'

/** The text of one part of a ZIP file, by its directory at the end. */
function part(bytes, name) {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [method, packed, length, extra, comment, local] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32), bytes.readUInt32LE(at + 42)]
    if (bytes.toString('utf8', at + 46, at + 46 + length) === name) {
      const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
      const data = bytes.subarray(from, from + packed)
      return (method === 8 ? inflateRawSync(data) : data).toString('utf8')
    }
    at += 46 + length + extra + comment
  }
  return ''
}

const plain = (text) => text.replace(/<[^>]*>/g, '').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&')

/** Rows of the first sheet. */
export function sheet(bytes) {
  const strings = [...part(bytes, 'xl/sharedStrings.xml').matchAll(/<si>(.*?)<\/si>/gs)].map((found) => plain(found[1]))
  const value = (kind, inner) => {
    const found = /<v>(.*?)<\/v>/s.exec(inner)?.[1] ?? ''
    return kind === 's' ? strings[Number(found)] : kind ? plain(inner) : found === '' ? '' : Number(found)
  }
  const rows = [...part(bytes, 'xl/worksheets/sheet1.xml').matchAll(/<row [^>]*>(.*?)<\/row>/gs)]
  return rows.map((row) => [...row[1].matchAll(/<c r="[A-Z]+\d+"(?: s="\d+")?(?: t="(\w+)")?(?:\/>|>(.*?)<\/c>)/gs)].map((cell) => value(cell[1], cell[2] ?? '')))
}

/** Rows of a CSV file that has no line breaks in its cells. */
export function csv(bytes) {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '').trimEnd()
  return text.split('\r\n').map((line) => [...line.matchAll(/("((?:[^"]|"")*)"|[^,]*)(,|$)/g)].map((cell) => (cell[2] === undefined ? cell[1] : cell[2].replace(/""/g, '"'))))
}

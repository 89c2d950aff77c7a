// A QR code (ISO/IEC 18004) of a short text, for the camera of a rider's telephone: byte mode, level L, versions 1 to 5. Pure.

/** Data and error codewords of versions 1 to 5 at level L: each is one block. */
const SIZES = [[19, 7], [34, 10], [55, 15], [80, 20], [108, 26]] as const

// Arithmetic in GF(256) by logarithms, with x⁸ + x⁴ + x³ + x² + 1.
const POWERS: number[] = []
const LOGS: number[] = []
for (let power = 0, value = 1; power < 255; power++) {
  POWERS[power] = value
  LOGS[value] = power
  value = value & 0x80 ? (value << 1) ^ 0x11d : value << 1
}
const times = (a: number, b: number) => (a === 0 || b === 0 ? 0 : POWERS[(LOGS[a]! + LOGS[b]!) % 255]!)

/** Reed-Solomon: what is left of the data divided by the generator of that degree. */
function errorWords(data: number[], degree: number): number[] {
  let generator = [1]
  for (let power = 0; power < degree; power++) {
    const next = [...generator, 0]
    generator.forEach((factor, place) => (next[place + 1]! ^= times(factor, POWERS[power]!)))
    generator = next
  }
  const left = [...data, ...Array<number>(degree).fill(0)]
  for (let place = 0; place < data.length; place++) {
    const lead = left[place]!
    if (lead) generator.forEach((factor, at) => (left[place + at]! ^= times(factor, lead)))
  }
  return left.slice(data.length)
}

/** Dark modules by row and column; nothing when the text is longer than 106 bytes. */
export function qr(text: string): boolean[][] | null {
  const bytes = [...new TextEncoder().encode(text)]
  const version = SIZES.findIndex(([room]) => bytes.length + 2 <= room) + 1
  if (version === 0) return null
  const [room, degree] = SIZES[version - 1]!
  // Byte mode, eight bits of length, the bytes, the end; then the two words that fill up.
  const nibbles = [4, bytes.length >> 4, bytes.length & 15, ...bytes.flatMap((byte) => [byte >> 4, byte & 15]), 0]
  const data: number[] = []
  for (let place = 0; place < nibbles.length; place += 2) data.push((nibbles[place]! << 4) | nibbles[place + 1]!)
  for (let filler = 0xec; data.length < room; filler ^= 0xec ^ 0x11) data.push(filler)
  const words = [...data, ...errorWords(data, degree)]

  const size = 17 + 4 * version
  const modules: (boolean | undefined)[][] = Array.from({ length: size }, () => Array<boolean | undefined>(size).fill(undefined))
  const put = (row: number, column: number, dark: boolean) => {
    if (row >= 0 && row < size && column >= 0 && column < size) modules[row]![column] = dark
  }
  for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]] as const) {
    for (let y = -4; y <= 4; y++) for (let x = -4; x <= 4; x++) put(row + y, column + x, ![2, 4].includes(Math.max(Math.abs(x), Math.abs(y))))
  }
  if (version > 1) for (let y = -2; y <= 2; y++) for (let x = -2; x <= 2; x++) put(size - 7 + y, size - 7 + x, Math.max(Math.abs(x), Math.abs(y)) !== 1)
  for (let at = 8; at < size - 8; at++) {
    put(6, at, at % 2 === 0)
    put(at, 6, at % 2 === 0)
  }
  // Level L and mask 0, with their own check bits: twice.
  const format = 0b111011111000100
  const bit = (place: number) => ((format >> place) & 1) === 1
  for (let place = 0; place < 15; place++) {
    const down = place < 6 ? place : place < 8 ? place + 1 : size - 15 + place
    const across = place < 8 ? size - 1 - place : place === 8 ? 7 : 14 - place
    put(down, 8, bit(place))
    put(8, across, bit(place))
  }
  put(size - 8, 8, true)

  // Up and down in pairs of columns from the right, around what stands already; mask 0 turns every other module.
  let place = 0
  for (let right = size - 1, up = true; right > 0; right -= right === 8 ? 3 : 2, up = !up) {
    for (let step = 0; step < size; step++) {
      const row = up ? size - 1 - step : step
      for (const column of [right, right - 1]) {
        if (modules[row]![column] !== undefined) continue
        const dark = ((words[place >> 3] ?? 0) >> (7 - (place & 7))) & 1
        modules[row]![column] = (dark === 1) !== ((row + column) % 2 === 0)
        place++
      }
    }
  }
  return modules.map((row) => row.map((dark) => dark === true))
}

/** The same as the path of a picture of `size` × `size`; nothing for no text, or one that is too long. */
export function qrPath(text: string): { size: number; path: string } | null {
  const modules = text ? qr(text) : null
  if (!modules) return null
  const path = modules.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return { size: modules.length, path }
}

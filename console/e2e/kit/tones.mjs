// Sound files of a tone: for Chromium's microphone, which plays them again and again, and for what people upload.
import { writeFileSync } from 'node:fs'

/** A mono WAV file of so many seconds of `hz`. */
export function tone(hz, { rate = 48_000, seconds = 5, peak = 9_200 } = {}) {
  const samples = rate * seconds
  const data = Buffer.alloc(44 + samples * 2)
  data.write('RIFF', 0)
  data.writeUInt32LE(36 + samples * 2, 4)
  data.write('WAVEfmt ', 8)
  data.writeUInt32LE(16, 16)
  data.writeUInt16LE(1, 20)
  data.writeUInt16LE(1, 22)
  data.writeUInt32LE(rate, 24)
  data.writeUInt32LE(rate * 2, 28)
  data.writeUInt16LE(2, 32)
  data.writeUInt16LE(16, 34)
  data.write('data', 36)
  data.writeUInt32LE(samples * 2, 40)
  for (let at = 0; at < samples; at++) data.writeInt16LE(Math.round(Math.sin((2 * Math.PI * hz * at) / rate) * peak), 44 + at * 2)
  return data
}

/** Writes five seconds of `hz` at −14 dBFS. Whole swings, so that it goes on without a click. */
export function writeTone(path, hz) {
  writeFileSync(path, tone(hz))
  return path
}

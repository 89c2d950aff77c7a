// Every pair of words and ground in the palette can be read (WCAG 2.2 AA).
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contrast, darkPairs, pairs } from '@/shared/contrast'

const css = readFileSync(new URL('../src/shared/tokens.css', import.meta.url), 'utf8')
function palette(block: RegExp): Record<string, string> {
  const inside = block.exec(css)?.[1] ?? ''
  return Object.fromEntries([...inside.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((found) => [found[1]!, found[2]!]))
}
const light = palette(/:root \{([\s\S]*?)\n\}/)
const dark = { ...light, ...palette(/\[data-theme="dark"\] \{([\s\S]*?)\n\}/) }

describe('contrast', () => {
  it.each(pairs)('%s on %s', (words, ground) => {
    expect(light[words], words).toBeDefined()
    expect(light[ground], ground).toBeDefined()
    expect(contrast(light[words]!, light[ground]!)).toBeGreaterThanOrEqual(4.5)
  })
  it.each(darkPairs)('dark: %s on %s', (words, ground) => {
    expect(contrast(dark[words]!, dark[ground]!)).toBeGreaterThanOrEqual(4.5)
  })
  it('computes as WCAG does', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  })
  it('borders of fields can be seen (3:1)', () => {
    expect(contrast(light['line-strong']!, light.card!)).toBeGreaterThanOrEqual(3)
  })
})

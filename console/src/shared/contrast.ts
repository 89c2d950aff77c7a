// The contrast of two colours as WCAG 2.2 computes it, and which pairs of our palette lie on one another.

export function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

const states = ['offline', 'available', 'ringing', 'on-call', 'hold', 'wrap-up', 'break', 'not-responding', 'outbound']
const tags = ['good', 'info', 'warn', 'bad', 'calm', 'plain']

/** [words, ground] */
export const pairs: [string, string][] = [
  ...['card', 'page', 'sunken'].flatMap((ground): [string, string][] => [
    ['text', ground],
    ['text-soft', ground],
    ['link', ground],
  ]),
  ...states.flatMap((state): [string, string][] => [[state, 'card']]),
  ...states.flatMap((state): [string, string][] => [['text-on-strong', state]]),
  ...['go', 'go-deep', 'stop', 'stop-deep', 'do', 'do-deep'].map((deed): [string, string] => ['text-on-strong', deed]),
  ...tags.map((tag): [string, string] => [`${tag}-text`, `${tag}-ground`]),
]
/** Dark: the wallboard has no white words on state colours and no deeds. */
export const darkPairs: [string, string][] = [
  ...['card', 'page', 'sunken'].flatMap((ground): [string, string][] => [
    ['text', ground],
    ['text-soft', ground],
  ]),
  ...states.map((state): [string, string] => [state, 'sunken']),
  ...['good', 'warn', 'bad'].map((tag): [string, string] => [`${tag}-text`, `${tag}-ground`]),
]

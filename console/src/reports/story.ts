// A call's path in words, as `dinetone calls show` tells it: what was said, pressed and decided. Pure.

/** One step of the path, as the server tells it. */
export interface Step {
  type: string
  after: number
  [more: string]: unknown
}

/** The kinds of steps that have a word of their own. */
export const KINDS = ['arrived', 'answered', 'node', 'outcome', 'said', 'barge_in', 'key', 'warning', 'note', 'ordered', 'ended'] as const
export type Kind = (typeof KINDS)[number]

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** What there is to say of a step besides its kind. */
export function detailOf(step: Step): string {
  const [said, node] = [text(step.text), text(step.node)]
  switch (step.type as Kind) {
    case 'answered':
      return [text(step.codec), text(step.keys_by)].filter(Boolean).join(' · ')
    case 'outcome':
      return `${node}: ${text(step.outcome)}`
    case 'barge_in':
      return `${text(step.prompt)} · ${text(step.after_ms)} ms`
    case 'key':
      return `${text(step.key)} (${text(step.source)})`
    case 'ordered':
      return text(step.number)
    case 'ended':
      return [text(step.reason), text(step.by)].filter(Boolean).join(' · ')
    default:
      return said || node
  }
}

/** `12.480`: seconds since the call arrived. */
export const afterOf = (step: Step): string => (Number.isFinite(step.after) ? step.after.toFixed(3) : '')

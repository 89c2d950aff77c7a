// The IVR path in words: node names of the wire → what the diner did. Unknown nodes show as they are. Pure.
import { t } from './words'

const SHOWN = 6

export function nodeWord(node: string): string {
  const [name, ...rest] = node.split(/[:=]/)
  const worded = t.code('node', name ?? node)
  if (worded === name && t.code('node', node) !== node) return t.code('node', node)
  return rest.length > 0 ? `${worded} ${rest.join(':')}` : worded
}

/** `点餐 → 会员 102938 → 选择地址`; a long path keeps its ends. */
export function pathWords(path: readonly string[]): string {
  const steps: string[] = []
  for (const node of path) {
    const word = nodeWord(node)
    if (steps[steps.length - 1] !== word) steps.push(word)
  }
  const shown = steps.length > SHOWN ? [steps[0]!, '…', ...steps.slice(-(SHOWN - 2))] : steps
  return shown.join(' → ')
}

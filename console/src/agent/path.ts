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
  const words = path.map(nodeWord)
  // Who asks for a person more than once (back to the menu and again) wants one thing: it stands where they asked last.
  const person = t.code('node', 'agent')
  const asked = words.lastIndexOf(person)
  const steps = words.filter((word, at) => word !== person || at === asked).filter((word, at, all) => word !== all[at - 1])
  const shown = steps.length > SHOWN ? [steps[0]!, '…', ...steps.slice(-(SHOWN - 2))] : steps
  return shown.join(' → ')
}

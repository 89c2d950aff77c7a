// The keyboard: Alt+letter by position (event.code), function keys, and plain keys outside fields.
import { onBeforeUnmount, onMounted } from 'vue'

export interface Binding {
  /** `Alt+KeyA`, `F2`, `Ctrl+Enter`, `Slash`, `Digit1` */
  keys: string
  run: (event: KeyboardEvent) => void
  /** Whether it can be done now; when not, the key is left alone. */
  when?: () => boolean
}

/** What was pressed, in the words of `Binding.keys`. `?` is the letter, wherever the keyboard has it. */
export function pressedKeys(event: Pick<KeyboardEvent, 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'code' | 'key'>): string {
  if (event.key === '?' && !event.altKey && !event.ctrlKey && !event.metaKey) return '?'
  const code = event.code.replace(/^Numpad(?=\d$)/, 'Digit')
  return `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${event.shiftKey ? 'Shift+' : ''}${code === 'NumpadEnter' ? 'Enter' : code}`
}

/** Whether the key writes something where the focus is. */
export function inField(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  return !!element?.closest?.('input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=""], [contenteditable=true]')
}

export const THROTTLE_MS = 300

/** Decides what a key press does. Pure but for the two clocks it is given, so that tests can press keys. */
export class Keyboard {
  private readonly last = new Map<string, number>()

  constructor(private readonly bindings: () => Binding[]) {}

  /** The binding to run, if any. */
  press(event: KeyboardEvent, at: number): Binding | null {
    if (event.isComposing || event.keyCode === 229) return null
    const keys = pressedKeys(event)
    const plain = !keys.includes('Alt+') && !keys.includes('Ctrl+') && !/^F\d+$/.test(keys) && keys !== 'Escape'
    if (plain && inField(event.target)) return null
    const binding = this.bindings().find((one) => one.keys === keys && (one.when?.() ?? true))
    if (!binding) return null
    const before = this.last.get(keys)
    // Held keys and double presses: once. They are still kept from the browser.
    if (event.repeat || (before !== undefined && at - before < THROTTLE_MS)) return { ...binding, run: () => {} }
    this.last.set(keys, at)
    return binding
  }
}

export function useKeys(bindings: () => Binding[]) {
  const keyboard = new Keyboard(bindings)
  const heard = (event: KeyboardEvent) => {
    const binding = keyboard.press(event, performance.now())
    if (!binding) return
    if (binding.keys !== 'Escape') event.preventDefault()
    binding.run(event)
  }
  onMounted(() => addEventListener('keydown', heard))
  onBeforeUnmount(() => removeEventListener('keydown', heard))
}

/** How a key is written for people: `Alt+KeyA` → `Alt+A`. */
export const written = (keys: string) => keys.replace(/Key|Digit/, '').replace('Slash', '/').replace('Escape', 'Esc')

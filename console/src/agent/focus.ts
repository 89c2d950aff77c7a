// Places that a key brings the focus to: a component names its field, the keyboard asks for it.
const places = new Map<string, () => void>()

/** Returns what takes the name back. */
export function offerPlace(name: string, focus: () => void): () => void {
  places.set(name, focus)
  return () => {
    if (places.get(name) === focus) places.delete(name)
  }
}

export function focusPlace(name: string) {
  places.get(name)?.()
}

// What every translation must have.

/** What a translation of `zh` must have: the same keys. */
export type WordsLike<Z> = { readonly [K in keyof Z]: string }

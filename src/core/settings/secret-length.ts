/**
 * Shortest text that is hidden where it is in another, in characters. Ours: a shorter one occurs in
 * ordinary words, and hiding it there would make every log unreadable and tell what the secret is.
 */
export const MIN_HIDDEN_CHARACTERS = 6

//! Who waits, and who gets whom.

//! The agent's shift: sign-on, what they are doing, wrap-up.

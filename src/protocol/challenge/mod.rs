//! Challenges.

//! One file per output format. Every renderer is a pure function from values to text.

pub mod cloudformation;
pub mod diagram;
pub mod dot;
pub mod mermaid;
pub mod svg;

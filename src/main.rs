//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    scalectl::cli::main()
}

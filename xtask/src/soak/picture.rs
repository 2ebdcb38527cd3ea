//! The picture of a soak: memory over time, drawn by hand as SVG.

use std::fmt::Write as _;

/// Draws seconds and bytes. The colours follow the reader's light or dark mode.
pub(super) fn draw(memory: &[(u32, u64)]) -> String {
    let seconds = memory.iter().map(|(second, _)| *second).max().unwrap_or_default().max(1);
    let most = memory.iter().map(|(_, bytes)| megabytes(*bytes)).fold(1.0, f64::max);
    let top = (most / STEP).ceil() * STEP;
    let x = |second: f64| LEFT + WIDTH * second / f64::from(seconds);
    let y = |mb: f64| TOP + HEIGHT * (1.0 - mb / top);
    let mut body = String::new();
    let mut line = 0.0;
    while line <= top {
        let _ = writeln!(
            body,
            r#"<line class="grid" x1="{LEFT}" y1="{0:.1}" x2="{1:.1}" y2="{0:.1}"/><text class="name" x="{2:.1}" y="{3:.1}">{line:.0} MB</text>"#,
            y(line),
            LEFT + WIDTH,
            LEFT - 8.0,
            y(line) + 4.0,
        );
        line += STEP;
    }
    for part in 0..=5 {
        let second = f64::from(seconds) * f64::from(part) / 5.0;
        let _ = writeln!(
            body,
            r#"<text class="time" x="{:.1}" y="{:.1}">{:.0} min</text>"#,
            x(second),
            TOP + HEIGHT + 20.0,
            second / 60.0,
        );
    }
    // No more points than the picture has room for.
    let each = memory.len().div_ceil(MOST_POINTS).max(1);
    let points: Vec<String> = memory
        .iter()
        .step_by(each)
        .map(|(second, bytes)| format!("{:.1},{:.1}", x(f64::from(*second)), y(megabytes(*bytes))))
        .collect();
    let _ = writeln!(body, r#"<polyline class="memory" points="{}"/>"#, points.join(" "));
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 320" width="760" height="320" role="img" aria-labelledby="title">
<title id="title">Memory of the runtime under mixed traffic</title>
<style>
svg {{ color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --ours: #0969da; --grid: #d1d9e0; }}
@media (prefers-color-scheme: dark) {{ svg {{ --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --ours: #4493f8; --grid: #3d444d; }} }}
text {{ font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--faint); }}
.paper {{ fill: var(--paper); }} .title {{ font-size: 16px; font-weight: 600; fill: var(--ink); }}
.name {{ text-anchor: end; }} .time {{ text-anchor: middle; }} .grid {{ stroke: var(--grid); }}
.memory {{ fill: none; stroke: var(--ours); stroke-width: 2; stroke-linejoin: round; }}
</style>
<rect class="paper" width="760" height="320" rx="8"/>
<text class="title" x="20" y="28">Memory of the runtime under mixed traffic</text>
{body}</svg>
"#
    )
}

const LEFT: f64 = 80.0;
const TOP: f64 = 52.0;
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
/// Between two lines, in megabytes.
const STEP: f64 = 50.0;
const MOST_POINTS: usize = 320;

fn megabytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact up to petabytes")]
    let bytes = bytes as f64;
    bytes / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_right_and_memory_up() {
        let picture = draw(&[(0, 0), (60, 50 << 20), (120, 100 << 20)]);
        assert!(picture.contains(r#"points="80.0,272.0 400.0,162.0 720.0,52.0""#), "{picture}");
        assert!(picture.contains("100 MB") && picture.contains("2 min"), "{picture}");
    }

    #[test]
    fn a_long_run_makes_no_larger_picture() {
        let picture = draw(&(0..20_000).map(|second| (second, 1 << 20)).collect::<Vec<_>>());
        assert!(picture.matches(',').count() < 700);
    }
}

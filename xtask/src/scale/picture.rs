//! Lines over an axis, drawn by hand as SVG. The colours follow the reader's light or dark mode.

use std::fmt::Write as _;

/// A line, and what it is called.
pub(super) struct Line {
    pub(super) title: String,
    pub(super) points: Vec<(f64, f64)>,
    /// Where a dashed mark stands on the axis, if one does.
    pub(super) mark: Option<f64>,
}

/// A picture of lines.
pub(super) struct Picture<'a> {
    pub(super) title: &'a str,
    pub(super) note: &'a str,
    /// The labels of the axes' ends and marks.
    pub(super) x: Vec<(f64, String)>,
    pub(super) y: Vec<(f64, String)>,
    pub(super) lines: Vec<Line>,
}

impl Picture<'_> {
    /// As SVG. Both axes begin at 0 and end with their last label.
    pub(super) fn draw(&self) -> String {
        let last = |labels: &[(f64, String)]| labels.last().map_or(1.0, |(value, _)| *value);
        let (across, up) = (last(&self.x), last(&self.y));
        let x = |value: f64| LEFT + WIDTH * value / across;
        let y = |value: f64| TOP + HEIGHT * (1.0 - value / up);
        let mut body = String::new();
        for (value, label) in &self.y {
            let _ = writeln!(
                body,
                r#"<line class="grid" x1="{LEFT}" y1="{0:.1}" x2="{1:.1}" y2="{0:.1}"/><text class="name" x="{2:.1}" y="{3:.1}">{label}</text>"#,
                y(*value),
                LEFT + WIDTH,
                LEFT - 8.0,
                y(*value) + 4.0,
            );
        }
        for (value, label) in &self.x {
            let _ = writeln!(
                body,
                r#"<text class="time" x="{:.1}" y="{:.1}">{label}</text>"#,
                x(*value),
                TOP + HEIGHT + 20.0
            );
        }
        for (index, line) in self.lines.iter().enumerate() {
            let class = format!("line{}", index % COLOURS);
            let points: Vec<String> =
                line.points.iter().map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b))).collect();
            let _ = writeln!(body, r#"<polyline class="{class}" points="{}"/>"#, points.join(" "));
            if let Some(mark) = line.mark {
                let _ = writeln!(
                    body,
                    r#"<line class="{class} mark" x1="{0:.1}" y1="{TOP}" x2="{0:.1}" y2="{1:.1}"/>"#,
                    x(mark),
                    TOP + HEIGHT,
                );
            }
            let row = (0..index).fold(TOP + 14.0, |row, _| row + 20.0);
            let key = LEFT + WIDTH + 20.0;
            let _ = writeln!(
                body,
                r#"<line class="{class}" x1="{key:.1}" y1="{row:.1}" x2="{:.1}" y2="{row:.1}"/><text x="{:.1}" y="{:.1}">{}</text>"#,
                key + 20.0,
                key + 28.0,
                row + 4.0,
                line.title,
            );
        }
        let (title, note) = (self.title, self.note);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 360" width="760" height="360" role="img" aria-labelledby="title">
<title id="title">{title}</title>
<style>
svg {{ color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --grid: #d1d9e0; --c0: #0969da; --c1: #9a6700; --c2: #1a7f37; --c3: #cf222e; --c4: #8250df; }}
@media (prefers-color-scheme: dark) {{ svg {{ --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --grid: #3d444d; --c0: #4493f8; --c1: #d29922; --c2: #3fb950; --c3: #f85149; --c4: #ab7df8; }} }}
text {{ font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--faint); }}
.paper {{ fill: var(--paper); }} .title {{ font-size: 16px; font-weight: 600; fill: var(--ink); }}
.name {{ text-anchor: end; }} .time {{ text-anchor: middle; }} .grid {{ stroke: var(--grid); }}
polyline, line {{ fill: none; stroke-width: 2; stroke-linejoin: round; }} .grid {{ stroke-width: 1; }}
.line0 {{ stroke: var(--c0); }} .line1 {{ stroke: var(--c1); }} .line2 {{ stroke: var(--c2); }} .line3 {{ stroke: var(--c3); }} .line4 {{ stroke: var(--c4); }}
.mark {{ stroke-width: 1; stroke-dasharray: 4 4; }}
</style>
<rect class="paper" width="760" height="360" rx="8"/>
<text class="title" x="20" y="28">{title}</text>
<text x="20" y="46">{note}</text>
{body}</svg>
"#
        )
    }
}

const LEFT: f64 = 70.0;
const TOP: f64 = 66.0;
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 250.0;
const COLOURS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_from_the_lower_left_to_the_last_labels() {
        let label = |value: f64| (value, value.to_string());
        let line = Line {
            title: "one".to_owned(),
            points: vec![(0.0, 0.0), (10.0, 4.0)],
            mark: Some(5.0),
        };
        let (x, y) = (vec![label(0.0), label(10.0)], vec![label(0.0), label(4.0)]);
        let picture = Picture { title: "t", note: "n", x, y, lines: vec![line] }.draw();
        assert!(picture.contains(r#"points="70.0,316.0 550.0,66.0""#), "{picture}");
        assert!(picture.contains(r#"x1="310.0" y1="66" x2="310.0""#), "{picture}");
    }
}

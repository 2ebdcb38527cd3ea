//! The picture of the bench: bars of CPU time beside the bare pass-through's, drawn by hand as SVG.

use std::fmt::Write as _;

use super::{
    cases::{ASSERTION, BARE, CACHED, CONTENDERS, Case, KEYGUARD},
    figures::Figures,
};

/// Draws a group of bars for each case. The colours follow the reader's light or dark mode.
pub(super) fn draw(figures: &Figures, cases: &[&Case]) -> String {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for case in cases {
        let bars = CONTENDERS
            .iter()
            .filter_map(|contender| {
                let ratio = figures.ratio(case.id, contender.id, BARE, |round| round.cpu)?;
                Some(Bar { id: contender.id, title: contender.title, ratio })
            })
            .collect();
        groups.push(Group { title: case.title, bars });
    }
    chart(&groups)
}

/// A case, and how each contender did in it.
struct Group<'a> {
    title: &'a str,
    bars: Vec<Bar<'a>>,
}

struct Bar<'a> {
    id: &'a str,
    title: &'a str,
    ratio: f64,
}

fn chart(groups: &[Group<'_>]) -> String {
    let longest =
        groups.iter().flat_map(|group| &group.bars).map(|bar| bar.ratio).fold(1.0, f64::max);
    let scale = BAR_WIDTH / longest;
    let mut body = String::new();
    let mut y = 58.0;
    for Group { title, bars } in groups {
        let _ = writeln!(
            body,
            r#"<text class="case" x="{LEFT}" y="{:.1}">{}</text>"#,
            y + 11.0,
            escaped(title)
        );
        y += 20.0;
        let top = y;
        let one = LEFT + scale;
        let bottom = bars.iter().fold(top, |y, _| y + 18.0);
        let _ = writeln!(
            body,
            r#"<line class="one" x1="{one:.1}" y1="{:.1}" x2="{one:.1}" y2="{:.1}"/>"#,
            top - 2.0,
            bottom - 2.0
        );
        for Bar { id, title, ratio } in bars {
            let class = match *id {
                KEYGUARD | ASSERTION => "ours",
                CACHED => "near",
                _ => "other",
            };
            let width = ratio * scale;
            let _ = writeln!(
                body,
                r#"<text class="name" x="{:.1}" y="{:.1}">{}</text><rect class="{class}" x="{LEFT}" y="{y:.1}" width="{width:.1}" height="14" rx="2"/><text class="value" x="{:.1}" y="{:.1}">{ratio:.2}</text>"#,
                LEFT - 8.0,
                y + 11.0,
                escaped(&title.replace('`', "")),
                LEFT + width + 6.0,
                y + 11.0,
            );
            y += 18.0;
        }
        y += 16.0;
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0}" width="{WIDTH}" height="{y:.0}" role="img" aria-labelledby="title">
<title id="title">CPU time per request beside a bare pass-through</title>
<style>
svg {{ color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --ours: #0969da; --near: #9a6700; --other: #b1bac4; }}
@media (prefers-color-scheme: dark) {{ svg {{ --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --ours: #4493f8; --near: #d29922; --other: #4d5661; }} }}
.value {{ paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }}
text {{ font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink); }}
.paper {{ fill: var(--paper); }} .title {{ font-size: 16px; font-weight: 600; }} .case {{ font-weight: 600; }}
.name {{ text-anchor: end; fill: var(--faint); }} .note {{ fill: var(--faint); }}
.ours {{ fill: var(--ours); }} .near {{ fill: var(--near); }} .other {{ fill: var(--other); }}
.one {{ stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; opacity: 0.6; }}
</style>
<rect class="paper" width="{WIDTH}" height="{y:.0}" rx="8"/>
<text class="title" x="20" y="28">CPU time per request</text>
<text class="note" x="20" y="46">1.00 is a bare pass-through of the same request; shorter is better</text>
{body}</svg>
"#
    )
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 220.0;
const BAR_WIDTH: f64 = 470.0;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_ratio() {
        let bar = |id, ratio| Bar { id, title: id, ratio };
        let picture =
            chart(&[Group { title: "a & b", bars: vec![bar(BARE, 1.0), bar(KEYGUARD, 2.0)] }]);
        assert!(picture.contains(r#"class="other" x="220" y="78.0" width="235.0""#), "{picture}");
        assert!(picture.contains(r#"class="ours" x="220" y="96.0" width="470.0""#), "{picture}");
        assert!(picture.contains("a &amp; b"));
    }
}

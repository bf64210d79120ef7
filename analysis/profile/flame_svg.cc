#include "analysis/profile/flame_svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "analysis/profile/diff_format.h"

namespace heapwatch {
namespace {

constexpr double kWidth = 1200;
constexpr double kMargin = 10;
constexpr double kRowHeight = 18;
constexpr double kCharacterWidth = 7.0;  // of the 12 px monospace font, a little generous
constexpr double kFaintestShade = 0.12;

// Text for XML: markup escaped, and none of the characters XML 1.0 forbids.
std::string Escaped(std::string_view text) {
  std::string out;
  const std::string clean = Printable(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    switch (clean[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\xEF':  // U+FFFE and U+FFFF are well-formed UTF-8 but no XML
        if (clean.compare(i, 2, "\xEF\xBF") == 0 &&
            (clean[i + 2] == '\xBE' || clean[i + 2] == '\xBF')) {
          out += "\xEF\xBF\xBD";
          i += 2;
          break;
        }
        [[fallthrough]];
      default:
        out += clean[i];
    }
  }
  return out;
}

std::string Number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  std::string out = text.data();
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

// The name as it fits on a frame: without the path of its package, then cut.
std::string ShortName(const std::string& name) {
  const std::size_t end = name.find_first_of("([<{ ");
  const std::size_t slash = name.rfind('/', end);
  return slash == std::string::npos || slash + 1 == name.size() ? name : name.substr(slash + 1);
}

// The first `count` characters, an ellipsis for the last where more follow.
std::string Cut(const std::string& text, std::size_t count) {
  std::size_t characters = 0;
  std::size_t keep = 0;  // bytes of the first count - 1
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & '\xC0') == '\x80') continue;
    if (characters + 1 == count) keep = i;
    if (++characters > count) return text.substr(0, keep) + "…";
  }
  return text;
}

// From near white to a full red or blue, by how one-sided the change is.
std::string Fill(const FlameNode& node) {
  struct Rgb {
    double r;
    double g;
    double b;
  };
  constexpr Rgb kNeutral{247, 247, 247};
  constexpr Rgb kGrew{214, 96, 77};
  constexpr Rgb kShrank{67, 147, 195};
  const double share = node.magnitude() > 0 ? (node.grew - node.shrank) / node.magnitude() : 0;
  double strength = std::fabs(share);
  if (node.change.within_noise()) strength = std::min(strength, 0.3);
  if (share != 0) strength = std::max(strength, kFaintestShade);
  const Rgb& to = share > 0 ? kGrew : kShrank;
  const auto mix = [&](double from, double target) {
    return static_cast<int>(std::lround(from + (target - from) * strength));
  };
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", mix(kNeutral.r, to.r),
                mix(kNeutral.g, to.g), mix(kNeutral.b, to.b));
  return text.data();
}

// Where each node begins and how wide it is, in shares of the root.
struct Place {
  double x = 0;
  double width = 1;
  double next_child = 0;  // where the next child begins
};

std::vector<Place> Layout(const FlameTree& tree) {
  std::vector<Place> places(tree.nodes.size());
  const double whole = tree.nodes.front().magnitude();
  for (std::size_t i = 1; i < places.size(); ++i) {
    Place& parent = places[tree.nodes[i].parent];
    places[i].x = places[i].next_child = parent.next_child;
    places[i].width = tree.nodes[i].magnitude() / whole;
    parent.next_child += places[i].width;
  }
  return places;
}

// Clicking a frame makes it as wide as the picture; clicking it again, or the root, goes back.
// Positions are shares of the root, kept on the frames.
constexpr std::string_view kScript = R"(
var svg = document.documentElement, frames = [].slice.call(svg.querySelectorAll("g.f")), zoomed = null;
function show(x0, w0, depth) {
  frames.forEach(function (f) {
    var x = +f.dataset.x, w = +f.dataset.w, above = +f.dataset.d < depth;
    var left = Math.max(0, (x - x0) / w0), right = Math.min(1, (x + w - x0) / w0);
    var px = (right - left) * WIDTH, rect = f.querySelector("rect"), text = f.querySelector("text");
    f.style.display = px < 0.3 ? "none" : "";
    f.style.opacity = above ? 0.55 : 1;
    rect.setAttribute("x", MARGIN + left * WIDTH);
    rect.setAttribute("width", Math.max(0, px - 0.5));
    var fits = Math.floor((px - 6) / CHARACTER), label = f.dataset.l;
    text.setAttribute("x", MARGIN + left * WIDTH + 3);
    text.textContent = fits < 3 ? "" : label.length > fits ? label.slice(0, fits - 1) + "\u2026" : label;
  });
}
frames.forEach(function (f) {
  f.style.cursor = "pointer";
  f.addEventListener("click", function () {
    zoomed = zoomed === f ? null : f;
    zoomed ? show(+f.dataset.x, +f.dataset.w, +f.dataset.d) : show(0, 1, 0);
  });
});
)";

std::string Replaced(std::string text, std::string_view what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), with);
  return text;
}

std::string Script() {
  std::string script(kScript);
  script = Replaced(std::move(script), "WIDTH", Number(kWidth - 2 * kMargin));
  script = Replaced(std::move(script), "MARGIN", Number(kMargin));
  script = Replaced(std::move(script), "CHARACTER", Number(kCharacterWidth));
  return "<script><![CDATA[" + script + "]]></script>\n";
}

class SvgWriter {
 public:
  SvgWriter(const ProfileDiff& diff, const FlameTree& tree) : diff_(diff), tree_(tree) {}

  std::string Write() {
    WriteHeading();
    const double top = y_ + 6;
    const std::vector<Place> places = Layout(tree_);
    std::size_t depth = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      depth = std::max(depth, tree_.nodes[i].depth);
      WriteFrame(tree_.nodes[i], places[i],
                 top + static_cast<double>(tree_.nodes[i].depth) * kRowHeight);
    }
    const double height = top + static_cast<double>(depth + 1) * kRowHeight + kMargin;
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
           Number(kWidth) + " " + Number(height) + "\" width=\"" + Number(kWidth) + "\" height=\"" +
           Number(height) +
           "\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" "
           "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" +
           body_ + Script() + "</svg>\n";
  }

 private:
  void WriteLine(const std::string& text, const char* style) {
    y_ += 17;
    body_ +=
        "<text x=\"" + Number(kMargin) + "\" y=\"" + Number(y_) + "\"" + style + ">" +
        Escaped(Cut(text, static_cast<std::size_t>((kWidth - 2 * kMargin) / kCharacterWidth))) +
        "</text>\n";
  }

  static std::string Moment(const DiffSide& side) {
    return side.time ? side.name + " " + FormatRfc3339(*side.time) : side.name;
  }

  void WriteHeading() {
    const SampleType& type = diff_.sample_type;
    y_ = 6;
    WriteLine(type.type + " " + FormatLevels(type, diff_.total) + FormatElapsed(diff_) + ": " +
                  FormatChange(type, diff_.total),
              " font-size=\"15\" font-weight=\"bold\"");
    WriteLine(Moment(diff_.before) + " -> " + Moment(diff_.after), " fill=\"#555555\"");
    if (diff_.normalized_by)
      WriteLine("after is scaled to the total of before", " fill=\"#555555\"");
    for (const std::string& note : diff_.notes) WriteLine(note, " fill=\"#555555\"");
    const FlameNode& root = tree_.nodes.front();
    if (root.magnitude() == 0) {
      WriteLine("Nothing changed.", "");
      return;
    }
    WriteLine("Width: what changed below, " + FormatAmount(type, root.grew) + " grown and " +
                  FormatAmount(type, root.shrank) +
                  " shrunk in all. Red grew, blue shrank, pale: both, or within noise." +
                  (tree_.left_out > 0
                       ? " Too small to show: " + std::to_string(tree_.left_out) + " frames."
                       : ""),
              " fill=\"#555555\"");
  }

  std::string Tooltip(const FlameNode& node) const {
    const SampleType& type = diff_.sample_type;
    std::array<char, 32> share{};
    const double whole = tree_.nodes.front().magnitude();
    std::snprintf(share.data(), share.size(), "%.1f%%",
                  whole > 0 ? 100 * node.magnitude() / whole : 0.0);
    return Escaped(node.name) + "\n" + Escaped(FormatChange(type, node.change)) +
           (node.change.within_noise() ? " (within noise)" : "") + "\nbefore " +
           Escaped(FormatAmount(type, node.change.before)) + ", after " +
           Escaped(FormatAmount(type, node.change.after)) + "\n" + share.data() +
           " of all that changed: " + Escaped(FormatAmount(type, node.grew)) + " grown, " +
           Escaped(FormatAmount(type, node.shrank)) + " shrunk";
  }

  void WriteFrame(const FlameNode& node, const Place& place, double y) {
    const double inner = kWidth - 2 * kMargin;
    const double x = kMargin + place.x * inner;
    const double width = place.width * inner;
    const std::string label = Printable(ShortName(node.name)) + "  " +
                              FormatSigned(diff_.sample_type, node.change.change());
    const double fits = std::floor((width - 6) / kCharacterWidth);
    std::array<char, 96> data{};
    std::snprintf(data.data(), data.size(), R"( data-x="%.6f" data-w="%.6f" data-d="%zu")", place.x,
                  place.width, node.depth);
    body_ += std::string("<g class=\"f\"") + data.data() + " data-l=\"" + Escaped(Cut(label, 200)) +
             "\"><title>" + Tooltip(node) + "</title><rect x=\"" + Number(x) + "\" y=\"" +
             Number(y) + "\" width=\"" + Number(std::max(0.3, width - 0.5)) + "\" height=\"" +
             Number(kRowHeight - 1) + "\" rx=\"1\" fill=\"" + Fill(node) + "\"/><text x=\"" +
             Number(x + 3) + "\" y=\"" + Number(y + 13) + "\">" +
             (fits < 3 ? "" : Escaped(Cut(label, static_cast<std::size_t>(fits)))) +
             "</text></g>\n";
  }

  const ProfileDiff& diff_;
  const FlameTree& tree_;
  std::string body_;
  double y_ = 0;
};

}  // namespace

std::string DiffToSvg(const ProfileDiff& diff, const FlameTreeOptions& options) {
  const FlameTree tree = BuildFlameTree(diff, options);
  return SvgWriter(diff, tree).Write();
}

}  // namespace heapwatch

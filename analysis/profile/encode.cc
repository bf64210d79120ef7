#include "analysis/profile/encode.h"

#include <libdeflate.h>

#include <memory>
#include <protozero/pbf_writer.hpp>
#include <unordered_map>

namespace heapwatch {
namespace {

class Encoder {
 public:
  Encoder(const HeapProfile& profile, std::optional<std::size_t> base_begin)
      : profile_(profile), base_begin_(base_begin) {
    String("");
  }

  std::string Encode() {
    protozero::pbf_writer out(message_);
    for (const SampleType& type : profile_.sample_types) WriteValueType(out, 1, type);
    WriteSamples(out);
    WriteMappings(out);
    WriteLocations(out);
    WriteFunctions(out);
    WriteHeader(out);
    for (const std::string_view text : strings_) out.add_string(6, text.data(), text.size());
    return std::move(message_);
  }

 private:
  std::int64_t String(std::string_view text) {
    const auto [it, is_new] = index_.emplace(text, static_cast<std::int64_t>(strings_.size()));
    if (is_new) strings_.push_back(text);
    return it->second;
  }

  // Fields that are zero are left out, as every writer of proto3 does.
  static void Add(protozero::pbf_writer& out, protozero::pbf_tag_type tag, std::int64_t value) {
    if (value != 0) out.add_int64(tag, value);
  }
  static void Add(protozero::pbf_writer& out, protozero::pbf_tag_type tag, std::uint64_t value) {
    if (value != 0) out.add_uint64(tag, value);
  }
  static void Add(protozero::pbf_writer& out, protozero::pbf_tag_type tag, bool value) {
    if (value) out.add_bool(tag, value);
  }

  void WriteValueType(protozero::pbf_writer& out, protozero::pbf_tag_type tag,
                      const SampleType& type) {
    protozero::pbf_writer value_type(out, tag);
    Add(value_type, 1, String(type.type));
    Add(value_type, 2, String(type.unit));
  }

  void WriteSamples(protozero::pbf_writer& out) {
    std::vector<std::uint64_t> ids;
    for (std::size_t i = 0; i < profile_.samples.size(); ++i) {
      const Sample& from = profile_.samples[i];
      ids.clear();
      for (const LocationId id : profile_.stack(from.stack)) ids.push_back(id.index() + 1);
      protozero::pbf_writer sample(out, 2);
      sample.add_packed_uint64(1, ids.begin(), ids.end());
      const auto values = profile_.values_of(i);
      sample.add_packed_int64(2, values.begin(), values.end());
      if (from.block_bytes != 0) {
        protozero::pbf_writer label(sample, 3);
        Add(label, 1, String("bytes"));
        Add(label, 3, from.block_bytes);
      }
      if (base_begin_ && i >= *base_begin_) {
        protozero::pbf_writer label(sample, 3);
        Add(label, 1, String("pprof::base"));
        Add(label, 2, String("true"));
      }
    }
  }

  void WriteMappings(protozero::pbf_writer& out) {
    for (std::size_t i = 0; i < profile_.mappings.size(); ++i) {
      const Mapping& from = profile_.mappings[i];
      protozero::pbf_writer mapping(out, 3);
      Add(mapping, 1, std::uint64_t{i + 1});
      Add(mapping, 2, from.start);
      Add(mapping, 3, from.limit);
      Add(mapping, 4, from.file_offset);
      Add(mapping, 5, String(from.file));
      Add(mapping, 6, String(from.build_id));
      Add(mapping, 7, from.has_functions);
      Add(mapping, 8, from.has_filenames);
      Add(mapping, 9, from.has_line_numbers);
      Add(mapping, 10, from.has_inline_frames);
    }
  }

  void WriteLocations(protozero::pbf_writer& out) {
    for (std::size_t i = 0; i < profile_.locations.size(); ++i) {
      const Location& from = profile_.locations[i];
      protozero::pbf_writer location(out, 4);
      Add(location, 1, std::uint64_t{i + 1});
      if (from.mapping) Add(location, 2, std::uint64_t{from.mapping->index() + 1});
      Add(location, 3, from.address);
      for (const Line& line_from : profile_.lines_of(from)) {
        protozero::pbf_writer line(location, 4);
        Add(line, 1, std::uint64_t{line_from.function.index() + 1});
        Add(line, 2, line_from.line);
        Add(line, 3, line_from.column);
      }
      Add(location, 5, from.is_folded);
    }
  }

  void WriteFunctions(protozero::pbf_writer& out) {
    for (std::size_t i = 0; i < profile_.functions.size(); ++i) {
      const Function& from = profile_.functions[i];
      protozero::pbf_writer function(out, 5);
      Add(function, 1, std::uint64_t{i + 1});
      Add(function, 2, String(from.name));
      Add(function, 3, String(from.system_name.empty() ? from.name : from.system_name));
      Add(function, 4, String(from.file));
      Add(function, 5, from.start_line);
    }
  }

  void WriteHeader(protozero::pbf_writer& out) {
    if (profile_.time) Add(out, 9, ToUnixMillis(*profile_.time) * 1'000'000);
    if (profile_.duration) Add(out, 10, std::int64_t{profile_.duration->count()} * 1'000'000);
    if (!profile_.period_type.type.empty() || !profile_.period_type.unit.empty()) {
      WriteValueType(out, 11, profile_.period_type);
    }
    if (profile_.sampling_period_bytes) Add(out, 12, *profile_.sampling_period_bytes);
    std::vector<std::int64_t> comments;
    for (const std::string& comment : profile_.comments) comments.push_back(String(comment));
    out.add_packed_int64(13, comments.begin(), comments.end());
    if (profile_.default_sample_type) {
      Add(out, 14, String(profile_.sample_types[*profile_.default_sample_type].type));
    }
  }

  const HeapProfile& profile_;
  std::optional<std::size_t> base_begin_;
  std::string message_;
  std::vector<std::string_view> strings_;
  std::unordered_map<std::string_view, std::int64_t> index_;
};

}  // namespace

std::string EncodePprof(const HeapProfile& profile, std::optional<std::size_t> base_begin) {
  const std::string message = Encoder(profile, base_begin).Encode();
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(6), libdeflate_free_compressor);
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), message.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), message.data(), message.size(), out.data(),
                                      out.size()));
  return out;
}

}  // namespace heapwatch

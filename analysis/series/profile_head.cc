#include "analysis/series/profile_head.h"

#include <memory>

#include "analysis/series/byte_io.h"

namespace heapwatch {
namespace {

constexpr std::uint64_t kHasDuration = 1;
constexpr std::uint64_t kHasPeriod = 2;
constexpr std::uint64_t kHasDefaultType = 4;

constexpr std::uint64_t kHasFunctions = 1;
constexpr std::uint64_t kHasFilenames = 2;
constexpr std::uint64_t kHasLineNumbers = 4;
constexpr std::uint64_t kHasInlineFrames = 8;

void WriteType(const SampleType& type, ByteWriter& out) {
  out.Text(type.type);
  out.Text(type.unit);
}

SampleType ReadType(ByteReader& in) {
  SampleType type;
  type.type = in.Text();
  type.unit = in.Text();
  return type;
}

void WriteMapping(const Mapping& mapping, ByteWriter& out) {
  out.Varint((mapping.has_functions ? kHasFunctions : 0) |
             (mapping.has_filenames ? kHasFilenames : 0) |
             (mapping.has_line_numbers ? kHasLineNumbers : 0) |
             (mapping.has_inline_frames ? kHasInlineFrames : 0));
  out.Varint(mapping.start);
  out.Varint(mapping.limit);
  out.Varint(mapping.file_offset);
  out.Text(mapping.file);
  out.Text(mapping.build_id);
}

Mapping ReadMapping(ByteReader& in) {
  Mapping mapping;
  const std::uint64_t flags = in.Varint();
  mapping.has_functions = (flags & kHasFunctions) != 0;
  mapping.has_filenames = (flags & kHasFilenames) != 0;
  mapping.has_line_numbers = (flags & kHasLineNumbers) != 0;
  mapping.has_inline_frames = (flags & kHasInlineFrames) != 0;
  mapping.start = in.Varint();
  mapping.limit = in.Varint();
  mapping.file_offset = in.Varint();
  mapping.file = in.Text();
  mapping.build_id = in.Text();
  return mapping;
}

}  // namespace

std::string EncodeHead(const HeapProfile& profile) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Varint((profile.duration ? kHasDuration : 0) |
             (profile.sampling_period_bytes ? kHasPeriod : 0) |
             (profile.default_sample_type ? kHasDefaultType : 0));
  if (profile.duration) out.Zigzag(profile.duration->count());
  if (profile.sampling_period_bytes) out.Zigzag(*profile.sampling_period_bytes);
  if (profile.default_sample_type) out.Varint(*profile.default_sample_type);
  WriteType(profile.period_type, out);
  out.Varint(profile.sample_types.size());
  for (const SampleType& type : profile.sample_types) WriteType(type, out);
  out.Varint(profile.comments.size());
  for (const std::string& comment : profile.comments) out.Text(comment);
  out.Varint(profile.mappings.size());
  for (const Mapping& mapping : profile.mappings) WriteMapping(mapping, out);
  return bytes;
}

Result<HeapProfile> DecodeHead(std::string_view bytes) {
  HeapProfile profile;
  profile.text.push_back(std::make_shared<const std::string>(bytes));
  ByteReader in(*profile.text.back());
  const std::uint64_t flags = in.Varint();
  if ((flags & kHasDuration) != 0) profile.duration = Duration(in.Zigzag());
  if ((flags & kHasPeriod) != 0) profile.sampling_period_bytes = in.Zigzag();
  if ((flags & kHasDefaultType) != 0) profile.default_sample_type = in.Varint();
  profile.period_type = ReadType(in);
  const std::size_t type_count = in.Count();
  for (std::size_t i = 0; i < type_count; ++i) profile.sample_types.push_back(ReadType(in));
  const std::size_t comment_count = in.Count();
  for (std::size_t i = 0; i < comment_count; ++i) profile.comments.emplace_back(in.Text());
  const std::size_t mapping_count = in.Count();
  for (std::size_t i = 0; i < mapping_count; ++i) profile.mappings.push_back(ReadMapping(in));
  const bool is_default_there =
      !profile.default_sample_type || *profile.default_sample_type < type_count;
  if (!in.ok() || !in.done() || !is_default_there) {
    return Fail(ErrorCode::kCorrupt, "the head of a profile (" + std::to_string(bytes.size()) +
                                         " bytes) does not make sense");
  }
  return profile;
}

}  // namespace heapwatch

#include "tests/watcher/store/failing_files.h"

#include <utility>

namespace heapwatch {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class FailingFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FailingFile(std::unique_ptr<rocksdb::FSWritableFile> file, FailingFiles& files)
      : FSWritableFileOwnerWrapper(std::move(file)), files_(files) {}

  // Half of what could not be written is there nevertheless.
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    IOStatus status = files_.Write();
    if (status.ok()) return target()->Append(data, options, context);
    target()
        ->Append(rocksdb::Slice(data.data(), data.size() / 2), options, context)
        .PermitUncheckedError();
    return status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&, IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    IOStatus status = files_.Write();
    return status.ok() ? target()->Sync(options, context) : status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    IOStatus status = files_.Write();
    return status.ok() ? target()->Fsync(options, context) : status;
  }

 private:
  FailingFiles& files_;
};

}  // namespace

FailingFiles::FailingFiles(std::uint64_t writes_that_work)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), left_(writes_that_work) {}

IOStatus FailingFiles::Write() {
  for (std::uint64_t left = left_; left > 0;) {
    if (left_.compare_exchange_weak(left, left - 1)) return IOStatus::OK();
  }
  has_failed_ = true;
  return IOStatus::NoSpace("No space left on device");
}

IOStatus FailingFiles::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       IODebugContext* context) {
  if (IOStatus status = Write(); !status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> opened;
  IOStatus status = target()->NewWritableFile(name, options, &opened, context);
  if (status.ok()) *file = std::make_unique<FailingFile>(std::move(opened), *this);
  return status;
}

IOStatus FailingFiles::RenameFile(const std::string& from, const std::string& to,
                                  const IOOptions& options, IODebugContext* context) {
  const IOStatus status = Write();
  return status.ok() ? target()->RenameFile(from, to, options, context) : status;
}

}  // namespace heapwatch
